"""Which days of which courses count differently now; gathered, and written once a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime

from intake.models import Event
from intake.registry import surrounds
from kpis import clock, dirty
from kpis.periods import local_day

CATEGORY = "engagement"

Work = Callable[[Sequence[Event]], None]


@dataclass
class Marks:
    """The days (course id, day) that changed, and how far the courses' data reach."""

    days: set[tuple[int, date]] = field(default_factory=set)
    latest: dict[int, datetime] = field(default_factory=dict)
    received_at: datetime | None = None

    def reach(self, latest: Mapping[int, datetime], received_at: datetime) -> None:
        for course, at in latest.items():
            self.latest[course] = max(at, self.latest.get(course, at))
        self.received_at = max(received_at, self.received_at or received_at)

    def add(self, other: Marks) -> None:
        self.days |= other.days
        if other.received_at:
            self.reach(other.latest, other.received_at)

    def write(self) -> None:
        dirty.mark(CATEGORY, self.days)
        if self.received_at:
            dirty.seen(CATEGORY, self.latest, received_at=self.received_at)


@dataclass
class Gathered:
    """What the handlers of a batch leave to its end."""

    marks: Marks = field(default_factory=Marks)
    works: dict[Work, list[Event]] = field(default_factory=dict)

    def catch_up(self) -> None:
        while self.works:
            work = next(iter(self.works))
            work(self.works.pop(work))


_gathered: ContextVar[Gathered | None] = ContextVar("gathered", default=None)


@surrounds
@contextmanager
def together() -> Iterator[None]:
    """Gather work and marks, do and write them at the end, or not at all when something fails.

    Once for all kinds of events is quicker than once for each; and batches that wrote marks
    handler by handler would lock the same rows in different orders.
    """
    outer, inner = _gathered.get(), Gathered()
    token = _gathered.set(inner)
    try:
        yield
        inner.catch_up()
    finally:
        _gathered.reset(token)
    if outer is None:
        inner.marks.write()
    else:
        outer.marks.add(inner.marks)


def later(work: Work, events: Sequence[Event]) -> None:
    """Do `work` with these events and all others it is wanted for, when every kind has been."""
    gathered = _gathered.get()
    if gathered is None:
        work(events)
    else:
        gathered.works.setdefault(work, []).extend(events)


def day_of(moment: datetime) -> date:
    """The day in the provider's zone."""
    return local_day(moment, clock.zone())


def mark(moments: Iterable[tuple[int, datetime | None]]) -> None:
    """Mark the days of (course id, moment) dirty; a moment that is None marks nothing."""
    zone = clock.zone()
    mark_days((course, local_day(at, zone)) for course, at in moments if at)


def mark_days(days: Iterable[tuple[int, date]]) -> None:
    with together():
        if (gathered := _gathered.get()) is not None:
            gathered.marks.days.update(days)


def seen(events: Sequence[Event]) -> None:
    """Note how far the courses' data reach."""
    latest: dict[int, datetime] = {}
    for event in events:
        if event.course_id is not None:
            there = latest.get(event.course_id, event.occurred_at)
            latest[event.course_id] = max(there, event.occurred_at)
    if not latest:
        return
    with together():
        if (gathered := _gathered.get()) is not None:
            gathered.marks.reach(latest, max(event.received_at for event in events))
