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
    holds_no_personal_data,
    holds_personal_data,
    pseudonym_of,
)
from intake.models import Event, Horizon, ImportRun, IncompleteHistory, Receipt, RejectedEvent
from intake.purging import purge

# (person) to which events led to their facts, beside those that name them
FIND_EVENTS: list[Callable[[Person], Q]] = []


def finds_events(function: Callable[[Person], Q]) -> Callable[[Person], Q]:
    """Declare how an app finds events about a person that do not name them."""
    FIND_EVENTS.append(function)
    return function


def _events_of(person: Person) -> QuerySet[Event]:
    """Find the events about the learner, and about the customer who is the learner."""
    naming = Event.objects.filter(
        containing(["data"], [person.key]), data__has_key="customer", enrollment=None
    )
    bought = [
        pk
        for pk, customer in naming.values_list("pk", "data__customer").iterator()
        if customer and normalize_key(customer["key"]) == person.key
    ]
    own = Q(enrollment=None, learner=person.key) | Q(enrollment__learner=person.learner_id)
    found = reduce(or_, (find(person) for find in FIND_EVENTS), own | Q(pk__in=bought))
    return Event.objects.filter(found)


def _purge(events: QuerySet[Event], person: Person) -> None:
    courses = set(events.order_by().values_list("course_id", flat=True).distinct())
    for course in sorted(courses, key=lambda one: one or 0):
        locks.lock_course_exclusive(course)
    purge(list(events))


def _receipts_of(person: Person) -> QuerySet[Receipt]:
    """Find the receipts whose ids name the person; that of a purged event by an address only."""
    named = Q(pk__in=_events_of(person).values("pk"))
    for address in person.addresses:
        named |= Q(key__icontains=address)
    ids = [pk for pk, key in Receipt.objects.filter(named).values_list("pk", "key")
           if person.is_named_in(key)]  # fmt: skip
    return Receipt.objects.filter(pk__in=ids_in(ids))


def _hide_ids(receipts: QuerySet[Receipt], person: Person) -> None:
    rows = [(pk, pseudonym_of(key), True) for pk, key in receipts.values_list("pk", "key")]
    bulk_upsert.update(Receipt, ("key", "is_erased"), rows)


def _readable(payload: str) -> str:
    """Return JSON with letters instead of escapes; what is no JSON as it is."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False)
    except ValueError:
        return payload


def _rejected_events_of(person: Person) -> QuerySet[RejectedEvent]:
    named = containing(["payload", "key"], person.unmistakable | {person.key})
    rows = RejectedEvent.objects.filter(named).only("pk", "key", "payload", "reason")
    field = re.compile(
        rf'"(learner|key)"\s*:\s*{re.escape(json.dumps(person.key, ensure_ascii=False))}'
    )
    ids = [
        row.pk
        for row in rows
        if person.is_named_in(f"{row.key} {_readable(row.payload)} {row.reason}")
        or field.search(row.payload)
    ]
    return RejectedEvent.objects.filter(pk__in=ids)


# before the events, by which they are found
holds_personal_data(Receipt, _receipts_of, ("key",), action=Action.ANONYMIZE, by=_hide_ids)
holds_personal_data(
    Event,
    _events_of,
    ("kind", "occurred_at", "learner", "object", "value", "data"),
    action=Action.DELETE,
    by=_purge,
)
holds_personal_data(RejectedEvent, _rejected_events_of, ("payload", "reason"), action=Action.DELETE)
holds_personal_data(
    IncompleteHistory, "enrollment__learner",
    action=Action.KEEP, reason=_("Says that the facts of an enrollment cannot be rebuilt."),
)  # fmt: skip
holds_no_personal_data(Horizon, ImportRun, reason=_("Numbers of events, and names of files."))
may_name_people(ImportRun, "source", "report", "error")
