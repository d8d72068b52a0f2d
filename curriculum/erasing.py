"""Show and erase what all apps hold about a learner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction

from core.database.locks import queue_to_write
from core.mentions import erase_mentions
from core.personal_data import AFTER_ERASING, ERASED, PERSONAL_DATA, Action, Person
from core.rows_in_words import rows_in_words
from curriculum.models import Learner


@dataclass(frozen=True)
class HeldData:
    """What one model holds about a learner, and what becomes of it when they are erased."""

    model: str
    # of the model, in the language of the reader
    name: str
    action: Action
    # why rows are kept; empty if they are not
    reason: str
    rows: list[dict[str, Any]]


def personal_data_of(learner: Learner) -> list[HeldData]:
    """Return what is held about a learner, by model; models without rows are left out."""
    person = person_of(learner)
    found = []
    for label, one in PERSONAL_DATA.items():
        name = str(one.model._meta.verbose_name_plural)
        if rows := rows_in_words(one.find(person)):
            found.append(HeldData(label, name, one.action, str(one.reason or ""), rows))
    return found


def erase(learner: Learner) -> None:
    """Delete or anonymize what is held about a learner, as each app declares, in one transaction.

    Figures stay as they are: the facts remain, of an anonymous learner. The raw
    events are purged, and sent again they do not count again. It is safe to repeat.
    """
    with queue_to_write(), transaction.atomic():
        learner = Learner.objects.select_for_update().get(pk=learner.pk)
        if is_erased(learner):
            return
        person = person_of(learner)
        # the learner comes last: other rows are found by the key
        for one in sorted(PERSONAL_DATA.values(), key=lambda one: one.model is Learner):
            one.erase(person)
        erase_mentions(person)
        for erase_copies in AFTER_ERASING:
            transaction.on_commit(partial(erase_copies, person))


def is_erased(learner: Learner) -> bool:
    return learner.key.startswith(ERASED) and not (learner.name or learner.email)


def person_of(learner: Learner) -> Person:
    """Return what names a learner, by which their rows are found."""
    account = learner.user
    emails = {learner.email, account.email if account else ""} - {""}
    person = Person(
        learner_id=learner.pk,
        user_id=learner.user_id,
        key=learner.key,
        emails=frozenset(emails),
        names=frozenset(),
        pseudonym=f"{ERASED}{uuid4().hex}",
    )
    return replace(person, names=frozenset(_names_of(person)))


def _names_of(person: Person) -> set[str]:
    """Return the names that rows of all apps have for the person, read in one statement."""
    first, *others = (
        one.find_named(person).order_by().values_list(name)
        for one in PERSONAL_DATA.values()
        for name in one.names
    )
    # what is a mere number could be anything
    return {name for (name,) in first.union(*others) if name and not name.isdecimal()}
