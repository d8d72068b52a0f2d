"""Rebuild facts from the stored events, and retry rejected events."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from core import changes, fan_out
from core.changes import Changes
from core.database import locks
from curriculum import enrolling, enrollment_states
from curriculum.models import Course, Enrollment
from intake.event_batch import ObjectKey
from intake.event_kinds import (
    COURSE_RESETS,
    ENROLLMENT_RESETS,
    KINDS,
    RESETS_WITHOUT_COURSE,
    EventSubject,
    dispatch,
)
from intake.events import rejected_events
from intake.events.batch import EventOutcome
from intake.events.envelope import UnreadableEvent
from intake.events.senders import Sender, sender_named
from intake.facts import module_binding, run_binding
from intake.facts.rebuild_facts import not_deleted, rebuild_enrollments
from intake.models import Event, RejectedEvent
from intake.receiving.receive import receive

CHUNK_SIZE = 5_000
WORK = "intake.replay"


def replay_events(
    courses: Iterable[Course] | None = None,
    *,
    resumes: bool = False,
    progress: fan_out.Progress = lambda done, total: None,
) -> int:
    """Rebuild the facts that events made, course by course, each in its own transaction.

    Without `courses`, replay all courses and the events without a course. Facts of imports stay.
    Facts whose events have been purged in part stay as they are, too. Unmapped events whose kind
    is known by now are received again. Workers take part. With `resumes`, the courses that an
    interrupted replay of the same courses has done stay as they are. Return the number of events.
    """
    received = receive_unmapped()
    ids, options = _share(courses)
    results = fan_out.run(WORK, [ids], options, resumes=resumes, progress=progress)
    return received + sum(int(one["events"]) for one in results)


def _share(courses: Iterable[Course] | None) -> tuple[list[int], dict[str, Any]]:
    """Return the ids of courses, and 0 for events without a course, and what tells this replay."""
    if courses is None:
        return [*Course.objects.order_by("pk").values_list("pk", flat=True), 0], {}
    ids = sorted(one.pk for one in courses)
    return ids, {"courses": ids}


def is_unfinished(courses: Iterable[Course] | None = None) -> bool:
    """Return whether a replay of these courses was interrupted."""
    return fan_out.is_unfinished(WORK, _share(courses)[1])


@fan_out.shared_work(WORK)
def _replay_courses(ids: Sequence[int], options: Mapping[str, Any]) -> fan_out.Result:
    courses = Course.objects.in_bulk(ids)
    # a course may have been deleted meanwhile
    found = [courses.get(pk) for pk in ids if pk in courses or not pk]
    return {"events": sum(map(replay_course, found))}


@transaction.atomic
def replay_course(course: Course | None) -> int:
    """Rebuild the facts from the events of a course; None means events without a course."""
    # a batch received in the meantime would be counted twice
    locks.lock_course_exclusive(course.pk if course else None)
    with changes.gathered() as gathered:
        return _replay(course, gathered)


def _replay(course: Course | None, gathered: Changes) -> int:
    now = timezone.now()
    _reset(course, gathered)
    entered = Enrollment.objects.filter(run__course=course, incomplete_history=None)
    _in_parts(partial(_reset_enrollments, changes=gathered), entered)
    _in_parts(enrolling.remove_event_changes, entered)
    replayed, relocated = 0, set[ObjectKey]()
    for about in EventSubject:
        if about is EventSubject.ENROLLMENT and course:
            module_binding.bind_to_modules(module_binding.objects_without_module(course.pk))
        kinds = [name for name, kind in KINDS.items() if kind.about is about]
        for events in _chunks(course, kinds):
            relocated |= dispatch(not_deleted(events), now=now, changes=gathered)
            replayed += len(events)
        if about is EventSubject.SIGN_UP:
            _in_parts(run_binding.bind_to_runs, entered)
    _in_parts(partial(enrollment_states.update_enrollments, changes=gathered), entered)
    if wrong := module_binding.bind_to_modules(relocated):
        rebuild_enrollments(wrong, now=now, changes=gathered)
    return replayed


def _in_parts(work: Callable[[Collection[int]], object], entered: QuerySet[Enrollment]) -> None:
    ids = list(entered.order_by("learner", "pk").values_list("pk", flat=True))
    for begin in range(0, len(ids), CHUNK_SIZE):
        work(ids[begin : begin + CHUNK_SIZE])


def _reset(course: Course | None, gathered: Changes) -> None:
    if course is None:
        for reset_without_course in RESETS_WITHOUT_COURSE:
            reset_without_course(gathered)
        return
    for reset in COURSE_RESETS:
        reset([course.pk], gathered)


def _reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    for reset in ENROLLMENT_RESETS:
        reset(ids, changes)


def _chunks(course: Course | None, kinds: Sequence[str]) -> Iterator[list[Event]]:
    last = 0
    while True:
        rows = Event.objects.filter(
            course=course, enrollment__incomplete_history=None, kind__in=kinds, pk__gt=last
        )
        events = list(rows.order_by("pk")[:CHUNK_SIZE])
        if not events:
            return
        yield events
        last = events[-1].pk


def receive_unmapped() -> int:
    """Receive again the unmapped events whose kind is known by now; return how many."""
    received = 0
    while events := list(Event.objects.unmapped().filter(kind__in=KINDS)[:CHUNK_SIZE]):
        arrivals: dict[tuple[str, datetime], list[Event]] = defaultdict(list)
        for event in events:
            arrivals[event.sender, event.received_at].append(event)
        for (name, received_at), some in sorted(arrivals.items()):
            _receive_again(some, sender_named(name) or Sender(name), received_at)
        received += len(events)
    return received


@transaction.atomic
def _receive_again(events: Sequence[Event], sender: Sender, received_at: datetime) -> None:
    Event.objects.filter(pk__in=[event.pk for event in events]).forget()
    receive([event.payload for event in events], sender, received_at=received_at)


def replay_rejected(rejected: RejectedEvent) -> EventOutcome:
    """Retry a rejected event with its current text; mark it as resolved if it is accepted.

    If it is rejected again, the row keeps its text and gets the new reason.
    """
    sender = Sender(rejected.sender, creates_unknown=rejected.creates_unknown)
    (outcome,) = retry([rejected], sender_named(rejected.sender) or sender)
    return outcome


@transaction.atomic
def retry(rejected: Sequence[RejectedEvent], sender: Sender) -> list[EventOutcome]:
    """Receive these rejected events of one sender again, as one batch."""
    outcomes = receive([_raw(row) for row in rejected], sender, keeps_rejected=False)
    for row, outcome in zip(rejected, outcomes, strict=True):
        row.code, row.reason, row.field = outcome.code, outcome.reason, outcome.field
        row.resolved_at = None if outcome.is_rejected else timezone.now()
    still_open = [row for row in rejected if row.resolved_at is None]
    RejectedEvent.objects.bulk_update(still_open, ["code", "reason", "field", "resolved_at"])
    RejectedEvent.objects.filter(pk__in={row.pk for row in rejected if row.resolved_at}).update(
        resolved_at=timezone.now()
    )
    return outcomes


def _raw(rejected: RejectedEvent) -> Any:
    if rejected_events.is_truncated(rejected.payload):
        return UnreadableEvent(
            rejected.payload,
            gettext("The event was too long to be stored completely; send it again."),
        )
    try:
        return json.loads(rejected.payload)
    except ValueError as error:
        return UnreadableEvent(
            rejected.payload, gettext("The event is not valid JSON: %(error)s.") % {"error": error}
        )
