"""Which days count differently now: gathered while a batch is handled, written once at its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from core import reporting_clock
from kpis.definitions.periods import local_day
from kpis.recompute import stale_days

# a course's id, or None for what belongs to no course and so to the site alone
CourseId = int | None


class Told(Protocol):
    """An event, as far as freshness is concerned."""

    @property
    def course_id(self) -> CourseId: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def received_at(self) -> datetime: ...


@dataclass
class StaleDays:
    """The days that changed per category or KPI, and how far the courses' data reach."""

    days: dict[str, set[tuple[CourseId, date]]] = field(default_factory=lambda: defaultdict(set))
    latest: dict[str, dict[int, datetime]] = field(default_factory=lambda: defaultdict(dict))
    received_at: datetime | None = None

    def reach(self, category: str, course: int, at: datetime, received_at: datetime) -> None:
        latest = self.latest[category]
        latest[course] = max(at, latest.get(course, at))
        self.received_at = max(received_at, self.received_at or received_at)

    def write(self) -> None:
        stale_days.mark_all_stale(self.days)
        if self.received_at:
            stale_days.update_freshness(self.latest, received_at=self.received_at)


_gathered: ContextVar[StaleDays | None] = ContextVar("marks", default=None)


@contextmanager
def collected() -> Iterator[StaleDays]:
    """Gather marks and write them at the end, or not at all when something fails.

    Batches that wrote marks handler by handler would lock the same rows in different orders.
    """
    if (outer := _gathered.get()) is not None:
        yield outer
        return
    marks = StaleDays()
    token = _gathered.set(marks)
    try:
        yield marks
    finally:
        _gathered.reset(token)
    marks.write()


def mark_stale(key: str, moments: Iterable[tuple[CourseId, datetime | None]]) -> None:
    """Mark the days of (course id, moment) under a category or one KPI; None marks nothing."""
    zone = reporting_clock.reporting_zone()
    mark_days_stale(key, ((course, local_day(at, zone)) for course, at in moments if at))


def mark_days_stale(key: str, days: Iterable[tuple[CourseId, date]]) -> None:
    with collected() as marks:
        marks.days[key].update(days)


def update_freshness(category: str, events: Sequence[Told]) -> None:
    """Note how far the data of a category reach in the events' courses."""
    with collected() as marks:
        for event in events:
            if event.course_id is not None:
                marks.reach(category, event.course_id, event.occurred_at, event.received_at)
