"""Which facts can be rebuilt, because none of the events that made them has been purged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db.models import Count

from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, given_ids, given_texts
from curriculum.models import Course, Enrollment
from intake.event_kinds import KINDS, EventSubject
from intake.models import Event, EventFact, IncompleteHistory

Mark = Callable[[Sequence[Event]], object]
Beyond = Callable[[Sequence[Event]], set[int]]

MARK_FUNCTIONS: list[Mark] = []
BEYOND_FUNCTIONS: list[Beyond] = []

# a learner (key), a course (id) and a run (key)
Entry = tuple[str, int | None, str]


def marks_purged(function: Mark) -> Mark:
    """Declare how an app sets `has_purged_event` of the facts of events about to be purged."""
    MARK_FUNCTIONS.append(function)
    return function


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


def mark(events: Sequence[Event]) -> None:
    """Remember of which enrollments and other facts these events are, which are about to go."""
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
    for mark_facts in MARK_FUNCTIONS:
        mark_facts(events)


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
