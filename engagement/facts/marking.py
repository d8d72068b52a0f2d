"""Which days of which courses count differently now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from intake.models import Event
from kpis import clock, dirty
from kpis.periods import local_day

CATEGORY = "engagement"


def day_of(moment: datetime) -> date:
    """The day in the provider's zone."""
    return local_day(moment, clock.zone())


def mark(moments: Iterable[tuple[int, datetime | None]]) -> None:
    """Mark the days of (course id, moment) dirty; a moment that is None marks nothing."""
    dirty.mark(CATEGORY, {(course, day_of(at)) for course, at in moments if at})


def seen(events: Sequence[Event]) -> None:
    """Note how far the courses' data reach."""
    latest: dict[int, datetime] = {}
    for event in events:
        if event.course_id is not None:
            there = latest.get(event.course_id, event.occurred_at)
            latest[event.course_id] = max(there, event.occurred_at)
    if latest:
        dirty.seen(CATEGORY, latest, received_at=max(event.received_at for event in events))
