"""Enroll learners with their first activity, for senders that report no enrollments.

Only a key that may create what is unknown enrolls: its statements would otherwise be rejected.
Such a presumed sign-up counts only before all others of the learner and run, so it stays stored
beside them, and counts again where those are taken back or go to another learner with a split.
Each key of a merged learner has its own, so that a split leaves each with what follows from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from curriculum.models import Enrollment
from intake.event_kinds import KINDS, EventSubject
from intake.events import learner_aliases
from intake.events.senders import Sender
from intake.facts import rebuildable
from intake.models import Event as StoredEvent
from intake.receiving.receive import receive

Event = dict[str, Any]
# learner, course and run as sent
Place = tuple[str, str, str | None]
# by learner as sent and course: run, and when they enrolled
Starts = dict[tuple[str, str], list[tuple[str, datetime]]]
SUFFIX = "#enrolled"
# an enrollment, and the learner as sent
Entry = tuple[int, str]
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


def _starts(places: Collection[Place]) -> Starts:
    """Return when learners enrolled; those of a merge, when the same key signed up."""
    keys = {learner for learner, _, _ in places}
    courses = {course for _, course, _ in places}
    merged = learner_aliases.involved(keys)
    rows = Enrollment.objects.filter(
        learner__key__in=keys - merged.keys(), run__course__key__in=courses
    )
    found: Starts = defaultdict(list)
    for learner, course, run, at in rows.values_list(
        "learner__key", "run__course__key", "run__key", "started_at"
    ):
        found[learner, course].append((run, at))
    for one in _sign_ups_of(merged.values()) if merged else ():
        found[sent_as(one), one.course_key].append((one.run_key, one.occurred_at))
    return found


def _is_in_time(event: Event, place: Place, starts: Starts) -> bool:
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


def sent_as(event: StoredEvent) -> str:
    return event.sent_learner or event.learner


def sign_up_anew(sign_ups: Sequence[StoredEvent], *, now: datetime) -> None:
    """Sign up, with their first other activity, the learners of sign-ups about to be retracted.

    A learner who did nothing else before a sign-up that stays needs none.
    """
    by_event = rebuildable.enrollments_by_event(sign_ups)
    entries = {(by_event[one.pk], sent_as(one)) for one in sign_ups if one.pk in by_event}
    enrolled = {enrollment for enrollment, _ in entries}
    staying = _first_sign_ups(enrolled, {one.pk for one in sign_ups})
    for entry, first in _first_activities(enrolled).items():
        if entry not in entries or staying.get(entry, NEVER) <= first.occurred_at:
            continue
        payload = first.payload
        if run := Enrollment.objects.values_list("run__key", flat=True).get(pk=entry[0]):
            payload["run"] = run
        receive([_sign_up(payload)], Sender(first.sender, creates_unknown=True), now=now)


def _first_activities(enrollments: Collection[int]) -> dict[Entry, StoredEvent]:
    rows = StoredEvent.objects.filter(enrollment__in=enrollments).order_by("-occurred_at", "-key")
    return {(one.enrollment_id or 0, sent_as(one)): one for one in rows}


def _first_sign_ups(enrollments: Collection[int], gone: Collection[int]) -> dict[Entry, datetime]:
    """Return when those who stay enrolled without the given sign-ups (ids) began."""
    entries = {
        (learner, course, run): pk
        for learner, course, run, pk in Enrollment.objects.filter(pk__in=enrollments).values_list(
            "learner__key", "run__course", "run__key", "pk"
        )
    }
    rows = _sign_ups_of({learner for learner, _, _ in entries}).exclude(pk__in=gone)
    return {
        (entries[entry], sent_as(one)): one.occurred_at
        for one in rows.order_by("-occurred_at")
        if (entry := rebuildable.entry_of(one)) in entries
    }


def _sign_ups_of(learners: Collection[str]) -> QuerySet[StoredEvent]:
    kinds = [name for name, kind in KINDS.items() if kind.about is EventSubject.SIGN_UP]
    return StoredEvent.objects.filter(kind__in=kinds, enrollment=None, learner__in=set(learners))
