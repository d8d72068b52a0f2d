"""Declare what each app holds about people, and what becomes of it when a person is erased.

An app declares all of its models in `personal_data.py`, which autodiscovery imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from django.db.models import Model, QuerySet
from django.utils.crypto import salted_hmac

from core.lazy_text import LazyText
from core.registry import Registry

T = TypeVar("T")
ERASED = "erased-"


@dataclass(frozen=True)
class Person:
    """A learner, and everything that names them; `pseudonym` replaces their key."""

    learner_id: int
    user_id: int | None
    key: str
    emails: frozenset[str]
    # from the account, certificates and orders, too, where they may be spelled otherwise
    names: frozenset[str]
    pseudonym: str
    # what is costly to find, by the function that finds it
    found: dict[Callable[[Person], Any], Any] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def addresses(self) -> set[str]:
        """What names them in any text: addresses, whereas a key may be a mere number.

        What the history of the admin called them may be an address that they had once.
        """
        return {one for one in (*self.emails, *self.names, self.key) if "@" in one}

    @property
    def unmistakable(self) -> set[str]:
        """What means them in any text: addresses, a full name, a key that is no word or number."""
        is_plain = self.key.isalpha() or self.key.isdecimal() or len(self.key) < 6
        full_names = {name for name in self.names if len(name.split()) > 1}
        return self.addresses | full_names | (set() if is_plain else {self.key})

    def is_named_in(self, text: str) -> bool:
        """True if a text contains their key, address or name as whole words.

        A key that is a mere number could be anything, unless it is the whole text.
        """
        named = _any_name_of(self)
        return bool(named and named.search(text)) or text == self.key


def spellings(names: Iterable[str]) -> set[str]:
    """Return names as they stand in texts and, as parts of URLs, with escapes."""
    return {spelled for name in names for spelled in (name, quote(name, ""), quote_plus(name, ""))}


def as_words(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of any of these names as whole words, in upper or lower case.

    Senders join ids by underscores, which therefore end a word.
    """
    longest_first = sorted(spellings(names), key=len, reverse=True)
    any_name = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<![^\W_])({any_name})(?![^\W_])", re.IGNORECASE)


def found_once(find: Callable[[Person], T]) -> Callable[[Person], T]:
    """Let what several declarations need of a person be found once; it must not be a query."""

    @wraps(find)
    def find_once(person: Person) -> T:
        if find not in person.found:
            person.found[find] = find(person)
        found: T = person.found[find]
        return found

    return find_once


@found_once
def _any_name_of(person: Person) -> re.Pattern[str] | None:
    key = "" if person.key.isdecimal() else person.key
    names = {*person.emails, *person.names, key} - {""}
    return as_words(names) if names else None


Find = Callable[[Person], QuerySet[Any]]
Erase = Callable[[QuerySet[Any], Person], object]


class Action(StrEnum):
    """What becomes of rows when their person is erased."""

    DELETE = "delete"
    ANONYMIZE = "anonymize"
    KEEP = "keep"


@dataclass(frozen=True)
class PersonalData:
    """What a model holds about a person, and what becomes of it."""

    model: type[Model]
    find: Find
    fields: tuple[str, ...]
    action: Action
    reason: LazyText | None
    erase_rows: Erase
    names: tuple[str, ...]
    find_named: Find

    def erase(self, person: Person) -> None:
        self.erase_rows(self.find(person), person)


PERSONAL_DATA: Registry[PersonalData] = Registry("Personal data of")  # not translated: internal
# by model: why it needs no declaration
IMPERSONAL: Registry[LazyText] = Registry("Impersonal model")  # not translated: internal
# what erases copies outside of the tables, once the rows are erased
AFTER_ERASING: list[Callable[[Person], object]] = []


def holds_personal_data(
    model: type[Model],
    path: str | Find,
    fields: Iterable[str] = (),
    *,
    action: Action,
    reason: LazyText | None = None,
    by: Erase | None = None,
    names: Iterable[str] = (),
    named_in: Find | None = None,
) -> None:
    """Declare that a model holds personal data.

    `path` leads to the learner, or finds the rows of a person. `fields` are what is personal in
    them beside the fact that they exist; those in `names` say what the person is called, if only
    some rows do so, in those that `named_in` finds. Rows are anonymized by the function `by`, which
    may also replace the plain deletion. Rows that are kept, which must not name the person any
    more, need a reason. Rows are erased in the order of their declaration, from the lower apps to
    the higher.
    """
    has_reason = reason is not None
    if has_reason != (action is Action.KEEP) or (action is Action.ANONYMIZE and by is None):
        raise ValueError(f"{model._meta.label}: state why rows are kept, or how they change.")
    erase = by or (_delete if action is Action.DELETE else _keep)
    find = _by_path(model, path) if isinstance(path, str) else path
    label = model._meta.label
    declared = PersonalData(
        model, find, tuple(fields), action, reason, erase, tuple(names), named_in or find
    )
    PERSONAL_DATA.register(label, declared)


def holds_no_personal_data(*models: type[Model], reason: LazyText) -> None:
    """Declare that models hold nothing about learners, and why that is so."""
    for model in models:
        IMPERSONAL.register(model._meta.label, reason)


def after_erasing(function: Callable[[Person], object]) -> Callable[[Person], object]:
    """Declare what erases copies outside of the tables; it may run twice."""
    AFTER_ERASING.append(function)
    return function


def _by_path(model: type[Model], path: str) -> Find:
    return lambda person: QuerySet(model).filter(**{path: person.learner_id})


def _delete(rows: QuerySet[Any], person: Person) -> None:
    rows.delete()


def _keep(rows: QuerySet[Any], person: Person) -> None:
    pass


def sets(**values: Any) -> Erase:
    """Return a function that anonymizes rows by setting fields to these values."""
    return lambda rows, person: rows.update(**values)


def replaces(*fields: str) -> Erase:
    """Return a function that replaces those values of fields that name the person."""
    return lambda rows, person: replace_names(rows, fields, person)


def replace_names(rows: QuerySet[Any], fields: Collection[str], person: Person) -> None:
    changed = []
    for row in rows:
        named = [name for name in fields if person.is_named_in(getattr(row, name))]
        for name in named:
            length = row._meta.get_field(name).max_length
            setattr(row, name, pseudonym_of(getattr(row, name))[:length])
        changed += [row] if named else []
    rows.bulk_update(changed, list(fields), batch_size=500)


def pseudonym_of(text: str) -> str:
    """Return what replaces an id that names a person: always the same, and only for us."""
    digest = salted_hmac("core.personal_data", text, algorithm="sha256").hexdigest()
    return f"{ERASED}{digest[:40]}"
