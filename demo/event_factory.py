"""Turn journeys into the raw events that a learning platform would send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from demo.learning.enrollments import PAUSE_HOUR
from demo.world.calendar import Calendar
from demo.world.journeys import Activity, Journey
from demo.world.seeded_random import seeded_random

Raw = dict[str, Any]
WITHDRAW_HOUR = 22.5


def make_events(journeys: Sequence[Journey], calendar: Calendar, seed: int) -> list[Raw]:
    """Make all events from before today, in chronological order."""
    dated = [
        (at, number, raw)
        for number, journey in enumerate(journeys)
        for at, raw in _events_of(journey, number, calendar, seed)
    ]
    dated.sort(key=lambda one: one[:2])
    return [
        {"id": f"demo-{count:06}", "occurred_at": at.astimezone(UTC).isoformat(), **raw}
        for count, (at, _, raw) in enumerate(dated, start=1)
    ]


def _events_of(
    journey: Journey, number: int, calendar: Calendar, seed: int
) -> Iterator[tuple[datetime, Raw]]:
    yield journey.enrolled_at, _enrollment_event(journey)
    for day, kind, hour in _status_changes(journey):
        if day < calendar.today:
            yield calendar.moment(day, hour=hour), base_event(journey, kind)
    rng = seeded_random(seed, "hours", number)
    activities = sorted(journey.activities, key=lambda activity: (activity.day, activity.order))
    for day, some in groupby(activities, key=lambda activity: activity.day):
        at = calendar.moment(day, hour=rng.uniform(9, 18.5))
        for activity in some:
            yield at, _activity_event(journey, activity)
            at += timedelta(seconds=int(rng.uniform(60, 700)))


def _enrollment_event(journey: Journey) -> Raw:
    data = {"track": journey.track} | ({"referral_code": journey.code} if journey.code else {})
    return base_event(journey, "enrollment.started") | {"data": data}


def _status_changes(journey: Journey) -> Iterator[tuple[date, str, float]]:
    """List the pauses, resumptions and withdrawals of an enrollment: day, kind and hour."""
    if journey.pause:
        yield journey.pause.begin, "enrollment.paused", PAUSE_HOUR
        if journey.pause.end:
            yield journey.pause.end, "enrollment.resumed", PAUSE_HOUR
    if journey.left:
        yield journey.left, "enrollment.withdrawn", WITHDRAW_HOUR


def base_event(journey: Journey, kind: str) -> Raw:
    return {
        "kind": kind,
        "learner": journey.learner.key,
        "course": journey.run.course.key,
        "run": journey.run.key,
    }


def _activity_event(journey: Journey, activity: Activity) -> Raw:
    details = {
        "module": activity.step.module.key if activity.step else None,
        "object": activity.object,
        "value": activity.value,
        "data": activity.data,
    }
    base = base_event(journey, activity.kind)
    return {name: base[name] for name in ("kind", *activity.names)} | {
        name: value for name, value in details.items() if value is not None
    }
