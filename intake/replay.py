"""Again: rebuild facts from the events kept, and try refused events that were corrected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from curriculum.models import Course
from intake.models import Event, RejectedEvent
from intake.receive import ACCEPTED, DUPLICATE, REJECTED, Outcome, hand_over, receive
from intake.registry import KINDS, RESETS, About
from intake.resolve import Sender

AT_ONCE = 5_000

Progress = Callable[[int], object]


def replay_events(
    courses: Iterable[Course] | None = None, *, progress: Progress = lambda done: None
) -> int:
    """Rebuild the facts that events made, course by course, each in one transaction.

    Facts of imports stay. Events whose kind nobody handled when they came go through the door
    again. Returns the number of events replayed.
    """
    replayed = take_unmapped()
    for course in Course.objects.all() if courses is None else courses:
        replayed += replay_course(course, progress)
    return replayed


@transaction.atomic
def replay_course(course: Course, progress: Progress = lambda done: None) -> int:
    for reset in RESETS:
        reset([course.pk])
    replayed = 0
    for about in About:
        kinds = [name for name, kind in KINDS.items() if kind.about is about]
        for events in _chunks(course, kinds):
            hand_over(events)
            replayed += len(events)
            progress(len(events))
    return replayed


def _chunks(course: Course, kinds: Sequence[str]) -> Iterator[list[Event]]:
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
        by_sender: dict[str, list[Event]] = {}
        for event in events:
            by_sender.setdefault(event.sender, []).append(event)
        for sender, some in by_sender.items():
            with transaction.atomic():
                Event.objects.filter(pk__in=[event.pk for event in some]).delete()
                receive([payload_of(event) for event in some], Sender(sender))
        taken += len(events)
    return taken


def payload_of(event: Event) -> dict[str, Any]:
    """The event as its sender wrote it."""
    payload = {
        "id": event.key,
        "kind": event.kind,
        "occurred_at": event.occurred_at.isoformat(),
        "learner": event.learner,
        "course": event.course_key,
        "run": event.run_key,
        "module": event.module_key,
        "object": event.object,
        "value": event.value,
        "data": event.data,
    }
    return {name: value for name, value in payload.items() if value not in ("", None, {})}


def replay_rejected(rejected: RejectedEvent) -> Outcome:
    """Try a refused event as it now stands; once it is in, the rejection is closed.

    Where it is refused again, the row keeps its text with the new reason.
    """
    try:
        raw = json.loads(rejected.payload)
    except ValueError as error:
        return _still(rejected, Outcome(rejected.key, REJECTED, "not_json", f"Not JSON: {error}."))
    sender = Sender(rejected.sender, creates_unknown=rejected.creates_unknown)
    with transaction.atomic():
        (outcome,) = receive([raw], sender)
        if outcome.status in (ACCEPTED, DUPLICATE):
            RejectedEvent.objects.filter(pk=rejected.pk).update(resolved_at=timezone.now())
            return outcome
        # the door keeps the corrected text as a row of its own; this one has it already
        transaction.set_rollback(True)
    return _still(rejected, outcome)


def _still(rejected: RejectedEvent, outcome: Outcome) -> Outcome:
    RejectedEvent.objects.filter(pk=rejected.pk).update(
        code=outcome.code, reason=outcome.reason, field=outcome.field
    )
    return outcome
