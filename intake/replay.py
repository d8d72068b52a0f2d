"""Again: rebuild facts from the events kept, and try refused events that were corrected."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import locks
from curriculum import enrolling, enrollment_states
from curriculum.models import Course, Enrollment
from intake.event_kinds import KINDS, RESETS, RESETS_WITHOUT_COURSE, EventSubject
from intake.event_parsing import InvalidLine
from intake.events import rejected_events
from intake.events.outcomes import EventOutcome
from intake.events.senders import Sender, sender_named
from intake.facts import run_binding
from intake.facts.dispatch import dispatch
from intake.facts.rebuild_learners import not_deleted
from intake.models import Event, RejectedEvent
from intake.receiving.receive import receive

AT_ONCE = 5_000

Progress = Callable[[int], object]


def replay_events(
    courses: Iterable[Course] | None = None, *, progress: Progress = lambda done: None
) -> int:
    """Rebuild the facts that events made, course by course, each in one transaction.

    Where no courses are named, those of the events without a course are rebuilt too. Facts of
    imports stay. Events whose kind nobody handled when they came go through the door again.
    Returns the number of events replayed.
    """
    replayed = take_unmapped()
    for course in [*Course.objects.all(), None] if courses is None else courses:
        replayed += replay_course(course, progress)
    return replayed


@transaction.atomic
def replay_course(course: Course | None, progress: Progress = lambda done: None) -> int:
    """Rebuild what the events of a course told; None: what those without a course did."""
    # a batch that came in meanwhile would be counted twice
    locks.lock_course_exclusive(course.pk if course else None)
    _reset(course)
    entered = Enrollment.objects.filter(run__course=course) if course else Enrollment.objects.none()
    _in_parts(enrolling.remove_event_changes, entered)
    replayed = 0
    for about in EventSubject:
        kinds = [name for name, kind in KINDS.items() if kind.about is about]
        for events in _chunks(course, kinds):
            with run_binding.lock_bindings():
                dispatch(not_deleted(events))
            replayed += len(events)
            progress(len(events))
        if about is EventSubject.SIGN_UP:
            _in_parts(run_binding.bind_to_runs, entered)
    _in_parts(enrollment_states.update_enrollments, entered)
    return replayed


def _in_parts(work: Callable[[Collection[int]], object], entered: QuerySet[Enrollment]) -> None:
    ids = list(entered.order_by("learner", "pk").values_list("pk", flat=True))
    for begin in range(0, len(ids), AT_ONCE):
        work(ids[begin : begin + AT_ONCE])


def _reset(course: Course | None) -> None:
    if course is None:
        for reset_loose in RESETS_WITHOUT_COURSE:
            reset_loose()
        return
    for reset in RESETS:
        reset([course.pk])


def _chunks(course: Course | None, kinds: Sequence[str]) -> Iterator[list[Event]]:
    last = 0
    while True:
        rows = Event.objects.filter(course=course, kind__in=kinds, pk__gt=last)
        events = list(rows.order_by("pk")[:AT_ONCE])
        if not events:
            return
        yield events
        last = events[-1].pk


def take_unmapped() -> int:
    """Send the unmapped events of kinds that are handled by now through the door again."""
    taken = 0
    while events := list(Event.objects.unmapped().filter(kind__in=KINDS)[:AT_ONCE]):
        arrivals: dict[tuple[str, datetime], list[Event]] = defaultdict(list)
        for event in events:
            arrivals[event.sender, event.received_at].append(event)
        for (name, received_at), some in sorted(arrivals.items()):
            _take_again(some, sender_named(name) or Sender(name), received_at)
        taken += len(events)
    return taken


@transaction.atomic
def _take_again(events: Sequence[Event], sender: Sender, received_at: datetime) -> None:
    Event.objects.filter(pk__in=[event.pk for event in events]).delete()
    receive([event.payload for event in events], sender, now=received_at)


def replay_rejected(rejected: RejectedEvent) -> EventOutcome:
    """Try a refused event as it now stands; once it is in, the rejection is closed.

    Where it is refused again, the row keeps its text with the new reason.
    """
    sender = Sender(rejected.sender, creates_unknown=rejected.creates_unknown)
    (outcome,) = retry([rejected], sender_named(rejected.sender) or sender)
    return outcome


@transaction.atomic
def retry(rejected: Sequence[RejectedEvent], sender: Sender) -> list[EventOutcome]:
    """Send these refused events of one sender through the door again, as one batch."""
    outcomes = receive([_raw(row) for row in rejected], sender, keeps_rejected=False)
    for row, outcome in zip(rejected, outcomes, strict=True):
        row.code, row.reason, row.field = outcome.code, outcome.reason, outcome.field
        row.resolved_at = None if outcome.is_rejected else timezone.now()
    still = [row for row in rejected if row.resolved_at is None]
    RejectedEvent.objects.bulk_update(still, ["code", "reason", "field", "resolved_at"])
    RejectedEvent.objects.filter(pk__in={row.pk for row in rejected if row.resolved_at}).update(
        resolved_at=timezone.now()
    )
    return outcomes


def _raw(rejected: RejectedEvent) -> Any:
    if rejected_events.is_cut(rejected.payload):
        return InvalidLine(rejected.payload, "It was too long to be kept whole: send it again.")
    try:
        return json.loads(rejected.payload)
    except ValueError as error:
        return InvalidLine(rejected.payload, f"Not JSON: {error}.")
