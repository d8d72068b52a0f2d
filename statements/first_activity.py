"""Enroll learners with their first activity, for senders that report no enrollments.

Only a key that may create what is unknown enrolls: its statements would otherwise be rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from curriculum.models import Enrollment
from intake.event_kinds import KINDS, EventSubject
from intake.events.senders import Sender
from intake.facts import rebuildable
from intake.models import Event as StoredEvent
from intake.receiving.receive import receive

Event = dict[str, Any]
# learner, course and run as sent
Place = tuple[str, str, str | None]
SUFFIX = "#enrolled"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def with_first_enrollments(events: Sequence[Event], sender: Sender) -> list[Event]:
    """Put a sign-up before what learners did before they were enrolled, one per place."""
    if not sender.creates_unknown:
        return list(events)
    first: dict[Place, Event] = {}
    for event in events:
        place = (event["learner"], event["course"], event.get("run"))
        if place not in first or moment(event) < moment(first[place]):
            first[place] = event
    starts = _starts(first)
    signed_up = [
        _sign_up(event)
        for place, event in first.items()
        if not _is_sign_up(event) and not _is_in_time(event, place, starts)
    ]
    return [*signed_up, *events]


def moment(event: Event) -> datetime:
    try:
        return datetime.fromisoformat(event["occurred_at"])
    except ValueError:
        # it is rejected with its reason
        return NEVER


def _is_sign_up(event: Event) -> bool:
    return KINDS[event["kind"]].about is EventSubject.SIGN_UP


def _starts(places: dict[Place, Event]) -> dict[tuple[str, str], list[tuple[str, datetime]]]:
    rows = Enrollment.objects.filter(
        learner__key__in={learner for learner, _, _ in places},
        run__course__key__in={course for _, course, _ in places},
    )
    found: dict[tuple[str, str], list[tuple[str, datetime]]] = {}
    for learner, course, run, at in rows.values_list(
        "learner__key", "run__course__key", "run__key", "started_at"
    ):
        found.setdefault((learner, course), []).append((run, at))
    return found


def _is_in_time(
    event: Event, place: Place, starts: dict[tuple[str, str], list[tuple[str, datetime]]]
) -> bool:
    learner, course, run = place
    return any(
        (run is None or run == key) and at <= moment(event)
        for key, at in starts.get((learner, course), ())
    )


def _sign_up(event: Event) -> Event:
    """Return a sign-up at the moment of an event, without a run if that names none."""
    named = {name: event[name] for name in ("learner", "course", "run") if event.get(name)}
    return named | {
        "id": f"{event['id']}{SUFFIX}",
        "kind": "enrollment.started",
        "occurred_at": event["occurred_at"],
    }


def is_made(event: StoredEvent) -> bool:
    """Return whether this is a sign-up that stands for a first activity."""
    return rebuildable.is_sign_up(event) and event.key.endswith(SUFFIX)


def sign_up_anew(sign_ups: Sequence[StoredEvent], *, now: datetime) -> None:
    """Sign up, with their first other activity, the learners of sign-ups about to be retracted.

    A learner who did nothing else before a sign-up that stays needs none.
    """
    by_event = rebuildable.enrollments_by_event(sign_ups)
    enrolled = set(by_event.values())
    gone = {one.pk for one in sign_ups}
    staying = _first_sign_ups(enrolled, gone)
    for enrollment, first in _first_activities(enrolled).items():
        if enrollment in staying and staying[enrollment] <= first.occurred_at:
            continue
        payload = first.payload
        if run := Enrollment.objects.values_list("run__key", flat=True).get(pk=enrollment):
            payload["run"] = run
        receive([_sign_up(payload)], Sender(first.sender, creates_unknown=True), now=now)


def _first_activities(enrollments: Collection[int]) -> dict[int, StoredEvent]:
    rows = StoredEvent.objects.filter(enrollment__in=enrollments).order_by("-occurred_at", "-key")
    return {one.enrollment_id or 0: one for one in rows}


def _first_sign_ups(enrollments: Collection[int], gone: Collection[int]) -> dict[int, datetime]:
    """Return when those who stay enrolled without the given sign-ups (ids) began."""
    entries = {
        (learner, course, run): pk
        for learner, course, run, pk in Enrollment.objects.filter(pk__in=enrollments).values_list(
            "learner__key", "run__course", "run__key", "pk"
        )
    }
    rows = StoredEvent.objects.filter(
        kind__in=[name for name, kind in KINDS.items() if kind.about is EventSubject.SIGN_UP],
        enrollment=None,
        learner__in={learner for learner, _, _ in entries},
    ).exclude(pk__in=gone)
    return {
        entries[entry]: one.occurred_at
        for one in rows.order_by("-occurred_at")
        if (entry := rebuildable.entry_of(one)) in entries
    }


def superseded(events: Sequence[Event]) -> list[StoredEvent]:
    """Return the sign-ups for first activities that are later than one of these sign-ups.

    They would count as a return of whoever withdrew in between.
    """
    signed_up = [event for event in events if _is_sign_up(event)]
    rows = StoredEvent.objects.filter(
        kind__in={event["kind"] for event in signed_up},
        enrollment=None,
        learner__in={event["learner"] for event in signed_up},
        course_key__in={event["course"] for event in signed_up},
    ).order_by("occurred_at", "-pk")
    found: list[StoredEvent] = []
    first: dict[rebuildable.Entry, StoredEvent] = {}
    for one in rows:
        entry = rebuildable.entry_of(one)
        if first.setdefault(entry, one) is not one and is_made(one):
            found.append(one)
    return found
