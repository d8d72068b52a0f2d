from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.database import bulk_upsert, locks
from core.database.id_lists import ids_in
from core.external_keys import normalize_key
from core.mentions import containing, may_name_people
from core.personal_data import (
    Action,
    Person,
    found_once,
    holds_no_personal_data,
    holds_personal_data,
    pseudonym_of,
)
from core.text_searches import by_texts
from curriculum import erasing
from curriculum.models import Learner
from intake.models import (
    Event,
    FileMapping,
    Horizon,
    ImportRun,
    IncompleteHistory,
    LearnerAlias,
    Receipt,
    RejectedEvent,
)
from intake.purging import purge

# (person) to which events led to their facts, beside those that name them
FIND_EVENTS: list[Callable[[Person], Q]] = []


def finds_events(function: Callable[[Person], Q]) -> Callable[[Person], Q]:
    """Declare how an app finds events about a person that do not name them."""
    FIND_EVENTS.append(function)
    return function


@found_once
def _ordered_by(person: Person) -> list[int]:
    """Return the events about the customer who is the learner."""
    naming = Event.objects.filter(
        containing(["data"], [person.key]), data__has_key="customer", enrollment=None
    )
    return [
        pk
        for pk, customer in naming.values_list("pk", "data__customer").iterator()
        if customer and normalize_key(customer["key"]) == person.key
    ]


def _events_of(person: Person) -> QuerySet[Event]:
    """Find the events about the learner, and about the customer who is the learner."""
    own = Q(enrollment=None, learner=person.key) | Q(enrollment__learner=person.learner_id)
    found = reduce(or_, (find(person) for find in FIND_EVENTS), own | Q(pk__in=_ordered_by(person)))
    return Event.objects.filter(found)


def _purge(events: QuerySet[Event], person: Person) -> None:
    found = events.order_by().values_list("pk", "course")
    locks.lock_courses_exclusive({course for _, course in found})
    # once more: until the lock, others could change them
    purge(Event.objects.filter(pk__in=ids_in(events.order_by().values_list("pk", flat=True))))


def _receipt_may_name(person: Person) -> Q:
    """Choose the receipts of the person's events; of a purged event, an address says so."""
    named = Q(pk__in=_events_of(person).values("pk"))
    if person.addresses:
        named |= containing(["key"], person.addresses)
    return named


def _hide_ids(receipts: QuerySet[Receipt], person: Person) -> None:
    """Replace the ids, also in the events of others, from which a replay makes the same facts.

    Their own events are found by their ids until they are purged.
    """
    rows = [(pk, pseudonym_of(key)) for pk, key in receipts.values_list("pk", "key")]
    own = set(_events_of(person).order_by().values_list("pk", flat=True))
    bulk_upsert.update(Event, ("key",), [row for row in rows if row[0] not in own])
    bulk_upsert.update(Receipt, ("key", "is_erased"), [(*row, True) for row in rows])


def _readable(payload: str) -> str:
    """Return JSON with letters instead of escapes; what is no JSON as it is."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False)
    except ValueError:
        return payload


def _rejected_may_name(person: Person) -> Q:
    return containing(["payload", "key", "original"], person.unmistakable | {person.key})


def _rejected_names(person: Person, key: str, payload: str, reason: str, original: str) -> bool:
    own_key = re.escape(json.dumps(person.key, ensure_ascii=False))
    readable = f"{_readable(payload)} {_readable(original)}"
    return person.is_named_in(f"{key} {readable} {reason}") or bool(
        re.search(rf'"(learner|key)"\s*:\s*{own_key}', f"{payload} {original}")
    )


def _aliases_of(person: Person) -> QuerySet[LearnerAlias]:
    return LearnerAlias.objects.filter(Q(learner=person.learner_id) | Q(key=person.key))


def _erase_all_of(aliases: QuerySet[LearnerAlias], person: Person) -> None:
    """Delete the aliases, and erase the other learners who are the same person."""
    rows = list(aliases.values_list("key", "learner__key"))
    aliases.delete()
    keys = {key for pair in rows for key in pair} - {person.key}
    for learner in Learner.objects.filter(key__in=keys):
        erasing.erase(learner)


# before the events, by which they are found
holds_personal_data(
    Receipt,
    by_texts(Receipt, _receipt_may_name, "key"),
    ("key",),
    action=Action.ANONYMIZE,
    by=_hide_ids,
)
holds_personal_data(
    Event,
    _events_of,
    ("kind", "occurred_at", "learner", "object", "value", "data"),
    action=Action.DELETE,
    by=_purge,
)
holds_personal_data(
    RejectedEvent,
    by_texts(
        RejectedEvent,
        _rejected_may_name,
        *("key", "payload", "reason", "original"),
        names=_rejected_names,
    ),
    ("payload", "reason", "original"),
    action=Action.DELETE,
)
holds_personal_data(
    LearnerAlias, _aliases_of, ("key", "merged_at"), action=Action.DELETE, by=_erase_all_of
)
holds_personal_data(
    IncompleteHistory, "enrollment__learner",
    action=Action.KEEP, reason=_("Says that the facts of an enrollment cannot be rebuilt."),
)  # fmt: skip
holds_no_personal_data(Horizon, ImportRun, reason=_("Numbers of events, and names of files."))
holds_no_personal_data(FileMapping, reason=_("Names of columns, and how to read them."))
# what is in them, only their senders know
may_name_people(Event, "object", "data", only=Q(is_mapped=False))
may_name_people(ImportRun, "source", "report", "error")
may_name_people(FileMapping, "name", "answers")
