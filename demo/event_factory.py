"""The raw events: what a learning platform would send about the journeys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from demo.learning.enrollments import PAUSED_AT
from demo.world.calendar import Calendar
from demo.world.journeys import Act, Journey
from demo.world.seeded_random import seeded_random

Raw = dict[str, Any]
LEAVES_AT = 22.5


def make_events(journeys: Sequence[Journey], calendar: Calendar, seed: int) -> list[Raw]:
    """Every event before today, in the order of time."""
    told = [
        (at, number, raw)
        for number, journey in enumerate(journeys)
        for at, raw in _of(journey, number, calendar, seed)
    ]
    told.sort(key=lambda one: one[:2])
    return [
        {"id": f"demo-{count:06}", "occurred_at": at.astimezone(UTC).isoformat(), **raw}
        for count, (at, _, raw) in enumerate(told, start=1)
    ]


def _of(
    journey: Journey, number: int, calendar: Calendar, seed: int
) -> Iterator[tuple[datetime, Raw]]:
    yield journey.enrolled_at, _sign_up(journey)
    for day, kind, hour in _turns(journey):
        if day < calendar.today:
            yield calendar.moment(day, hour=hour), about(journey, kind)
    chance = seeded_random(seed, "hours", number)
    acts = sorted(journey.acts, key=lambda act: (act.day, act.place))
    for day, some in groupby(acts, key=lambda act: act.day):
        at = calendar.moment(day, hour=chance.uniform(9, 18.5))
        for act in some:
            yield at, _act(journey, act)
            at += timedelta(seconds=int(chance.uniform(60, 700)))


def _sign_up(journey: Journey) -> Raw:
    data = {"track": journey.track} | ({"referral_code": journey.code} if journey.code else {})
    return about(journey, "enrollment.started") | {"data": data}


def _turns(journey: Journey) -> Iterator[tuple[date, str, float]]:
    """What happens to the enrolment itself."""
    if journey.pause:
        yield journey.pause.begin, "enrollment.paused", PAUSED_AT
        if journey.pause.end:
            yield journey.pause.end, "enrollment.resumed", PAUSED_AT
    if journey.left:
        yield journey.left, "enrollment.withdrawn", LEAVES_AT


def about(journey: Journey, kind: str) -> Raw:
    return {
        "kind": kind,
        "learner": journey.learner.key,
        "course": journey.run.course.key,
        "run": journey.run.key,
    }


def _act(journey: Journey, act: Act) -> Raw:
    said = {
        "module": act.line.module.key if act.line else None,
        "object": act.object,
        "value": act.value,
        "data": act.data,
    }
    whom = about(journey, act.kind)
    return {name: whom[name] for name in ("kind", *act.names)} | {
        name: value for name, value in said.items() if value is not None
    }
