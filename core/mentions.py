"""Erase a person's name where others wrote it: in reasons, notes and comments."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q, QuerySet

from core.personal_data import Person, as_words, pseudonym_of, spellings

REPLACEMENT = "[…]"


@dataclass(frozen=True)
class Texts:
    """The texts of a model in which somebody may have named a person."""

    model: type[Model]
    fields: tuple[str, ...]
    only: Q
    are_keys: bool = False


TEXTS: list[Texts] = []


def may_name_people(model: type[Model], *fields: str, only: Q | None = None) -> None:
    """Declare texts, also within JSON, in which somebody may have named a person.

    `only` limits the rows that are searched; each is read, so large tables need an index for it.
    """
    TEXTS.append(Texts(model, fields, only or Q()))


def keys_may_name_people(model: type[Model], *fields: str) -> None:
    """Declare keys of senders that may contain a name; such a key is replaced as a whole."""
    TEXTS.append(Texts(model, fields, Q(), are_keys=True))


def erase_mentions(person: Person) -> None:
    """Replace the name, addresses and key of a person in what others wrote.

    A plain word or number that is the key could mean anything, and stays.
    """
    names = person.unmistakable
    if not names:
        return
    pattern = as_words(names)
    for one in TEXTS:
        rows: QuerySet[Any] = QuerySet(one.model)
        rows = rows.filter(one.only).filter(containing(one.fields, names))
        changed = [row for row in rows if _erase_in(row, one, pattern)]
        rows.bulk_update(changed, one.fields, batch_size=500)


def containing(fields: Iterable[str], texts: Collection[str]) -> Q:
    """Return a condition for rows with one of the texts in one of the fields.

    SQLite ignores the case of ASCII letters only; JSON and URLs may have letters as escapes.
    """
    every = {cased for text in spellings(texts) for cased in _cased(text)}
    conditions = (Q(**{f"{field}__icontains": one}) for field in fields for one in every)
    return reduce(or_, conditions, Q())


def _cased(text: str) -> set[str]:
    if text.isascii():
        return {text}
    cased = {text, text.lower(), text.upper(), text.title()}
    return cased | {json.dumps(one)[1:-1] for one in cased}


def _erase_in(row: Model, texts: Texts, pattern: re.Pattern[str]) -> bool:
    """Replace the names in fields of a row; return whether there were any."""
    before = {field: getattr(row, field) for field in texts.fields}
    after = {field: without(value, pattern) for field, value in before.items()}
    for field, value in after.items():
        is_hidden_key = texts.are_keys and value != before[field]
        setattr(row, field, pseudonym_of(before[field]) if is_hidden_key else value)
    return before != after


def without(value: Any, pattern: re.Pattern[str]) -> Any:
    """Return a text, or all texts in lists and dictionaries, without what the pattern matches."""
    if isinstance(value, str):
        return pattern.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [without(one, pattern) for one in value]
    if isinstance(value, dict):
        return {without(key, pattern): without(one, pattern) for key, one in value.items()}
    return value
