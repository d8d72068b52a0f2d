"""Normalize the keys that senders use, and look up rows by them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.db import models

from core.database import queries

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def normalize_key(key: str) -> str:
    """Return the canonical spelling of a person's key: stripped, in composed Unicode.

    E-mail addresses are case-insensitive and become lowercase.
    """
    address = unicodedata.normalize("NFKC", key).strip()
    if ADDRESS.fullmatch(address):
        return unicodedata.normalize("NFKC", address.lower())
    return unicodedata.normalize("NFC", key).strip()


def ids_by_key(model: type[models.Model], keys: Iterable[str]) -> dict[str, int]:
    """Return row ids by unique `key`, without the unknown keys."""
    table, wanted = model._meta.db_table, {*keys}
    # safe: only names of our own models
    statement = f'SELECT key, id FROM "{table}" WHERE key IN %s'  # noqa: S608  # not translated: SQL
    return dict(queries.select(statement, wanted)) if wanted else {}
