"""From the keys that senders use to the rows that they mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.db import models

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def normalize_key(key: str) -> str:
    """The one spelling of a person's key: without spaces around it, in composed characters.

    An e-mail address is the same in capitals and in small letters.
    """
    address = unicodedata.normalize("NFKC", key).strip()
    if ADDRESS.fullmatch(address):
        return unicodedata.normalize("NFKC", address.lower())
    return unicodedata.normalize("NFC", key).strip()


def ids_by_key(model: type[models.Model], keys: Iterable[str]) -> dict[str, int]:
    """The ids of the rows of a model with a unique `key`; keys that are unknown are left out."""
    rows: models.QuerySet[models.Model] = models.QuerySet(model).filter(key__in=set(keys))
    # in no order: a batch of events looks up many times, and sorting costs more than finding
    return dict(rows.order_by().values_list("key", "pk"))
