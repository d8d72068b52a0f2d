"""Which facts can be rebuilt, because none of the events that made them has been purged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Max, QuerySet

from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, given_ids, given_texts
from curriculum.models import Course, Enrollment
from intake.event_kinds import KINDS, EventSubject
from intake.models import Event, EventFact, IncompleteHistory

Mark = Callable[[Sequence[Event]], object]
Beyond = Callable[[Sequence[Event]], set[int]]

# each with the kinds of events that it looks at
MARK_FUNCTIONS: list[tuple[Mark, frozenset[str]]] = []
BEYOND_FUNCTIONS: list[Beyond] = []

CHUNK_SIZE = 2_000

# a learner (key), a course (id) and a run (key)
Entry = tuple[str, int | None, str]


def marks_purged(function: Mark, kinds: Iterable[str]) -> None:
    """Declare how an app sets `has_purged_event` of the facts of events of these kinds."""
    MARK_FUNCTIONS.append((function, frozenset(kinds)))


def finds_beyond_horizon(function: Beyond) -> Beyond:
    """Declare how an app finds the events (ids) that led to the same facts as purged ones."""
    BEYOND_FUNCTIONS.append(function)
    return function


def enrollments(ids: Iterable[int]) -> list[int]:
    """Return those of the enrollments (ids) that can be rebuilt, in order."""
    incomplete = IncompleteHistory.objects.filter(enrollment__in=set(ids))
    return sorted(set(ids) - set(incomplete.values_list("enrollment_id", flat=True)))


def beyond_horizon(events: Sequence[Event]) -> set[int]:
    """Return those of the stored events (ids) that cannot be undone.

    Purged events led to the same facts, which could not be rebuilt without them.
    """
    by_enrollment = enrollments_by_event(events)
    complete = set(enrollments(set(by_enrollment.values())))
    found = {pk for pk, enrollment in by_enrollment.items() if enrollment not in complete}
    return found.union(*(find(events) for find in BEYOND_FUNCTIONS))


def mark(events: QuerySet[Event]) -> None:
    """Remember of which enrollments and other facts these events are, which are about to go.

    One statement counts the events of enrollments, which are most; the others are few.
    """
    _mark_enrollments(events)
    sign_ups = {name for name, kind in KINDS.items() if kind.about is EventSubject.SIGN_UP}
    looked_at = sign_ups.union(*(kinds for _, kinds in MARK_FUNCTIONS))
    others = events.filter(kind__in=sorted(looked_at)).order_by("pk")
    for some in _chunks(others):
        _mark_sign_ups([one for one in some if one.enrollment_id is None])
        for mark_facts, kinds in MARK_FUNCTIONS:
            if mine := [one for one in some if one.kind in kinds]:
                mark_facts(mine)


def _mark_enrollments(events: QuerySet[Event]) -> None:
    counted = (
        events.filter(enrollment__isnull=False)
        .order_by()
        .values_list("enrollment")
        .annotate(Count("pk"), Max("received_at"))
    )
    try:
        query, parameters = counted.query.sql_with_params()
    except EmptyResultSet:
        return
    larger = "greatest" if connection.vendor == "postgresql" else "max"  # not translated: SQL
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_incompletehistory AS known"
            f" (enrollment_id, purged, last_received_at) {query}"
            " ON CONFLICT (enrollment_id) DO UPDATE SET purged = known.purged + excluded.purged,"
            f" last_received_at = {larger}(known.last_received_at, excluded.last_received_at)",
            parameters,
        )


def _mark_sign_ups(events: Sequence[Event]) -> None:
    by_enrollment = enrollments_by_event(events)
    counts = Counter(by_enrollment.values())
    latest: dict[int, datetime] = {}
    for event in events:
        if pk := by_enrollment.get(event.pk):
            latest[pk] = max(event.received_at, latest.get(pk, event.received_at))
    bulk_upsert.upsert(
        IncompleteHistory,
        ("enrollment_id", "purged", "last_received_at"),
        [(pk, counts[pk], latest[pk]) for pk in sorted(counts)],
        conflict="enrollment_id",
        merge={"purged": "add", "last_received_at": "larger"},
    )


def _chunks(events: QuerySet[Event]) -> Iterator[list[Event]]:
    rows = events.iterator(CHUNK_SIZE)
    while some := list(islice(rows, CHUNK_SIZE)):
        yield some


ENTERED = CompiledQuery(
    Enrollment.objects.filter(
        learner__key__in=given_texts("learners"), run__course__in=given_ids("courses")
    )
    .order_by()
    .values_list("learner__key", "run__course_id", "run__key", "pk")
)


def enrollments_by_event(events: Sequence[Event]) -> dict[int, int]:
    """Return the enrollment (id) of each event (id); a sign-up has none and is found by its run."""
    found = {one.pk: one.enrollment_id for one in events if one.enrollment_id is not None}
    entries = {one.pk: entry_of(one) for one in events if is_sign_up(one)}
    if not entries:
        return found
    rows = ENTERED.run(
        learners={learner for learner, _, _ in entries.values()},
        courses={course for _, course, _ in entries.values()},
    )
    pks: dict[Entry, int] = {tuple(entry): pk for *entry, pk in rows}
    return found | {pk: pks[entry] for pk, entry in entries.items() if entry in pks}


def is_sign_up(event: Event) -> bool:
    return event.kind in KINDS and KINDS[event.kind].about is EventSubject.SIGN_UP


def entry_of(event: Event) -> Entry:
    return event.learner, event.course_id, event.run_key


@dataclass
class LeftAsIs:
    """What a replay leaves as it is, because some of its events have been purged."""

    enrollments: int = 0
    # keys
    courses: list[str] = field(default_factory=list)
    other_facts: int = 0


def left_as_is(courses: Collection[Course] | None = None) -> LeftAsIs:
    """Count what a replay of these courses, or of everything, leaves as it is."""
    rows, only = IncompleteHistory.objects.all(), {}
    if courses is not None:
        rows = rows.filter(enrollment__run__course__in=courses)
        only = {"course__in": courses}
    by_course = rows.order_by("enrollment__run__course__key").values_list(
        "enrollment__run__course__key"
    )
    counts = dict(by_course.annotate(Count("pk")))
    others = sum(
        cast("Any", model).objects.filter(has_purged_event=True, **only).count()
        for model in EventFact.__subclasses__()
    )
    return LeftAsIs(sum(counts.values()), list(counts), others)
