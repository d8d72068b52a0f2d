"""What the handlers of a batch leave to its end: the days that changed, and work done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime

from core import reporting_clock
from intake.event_kinds import batch_context
from intake.models import Event
from kpis.definitions.periods import local_day
from kpis.recompute import stale_days

CATEGORY = "engagement"

Work = Callable[[Sequence[Event]], None]


@dataclass
class Gathered:
    """Work with the events that it is wanted for."""

    works: dict[Work, list[Event]] = field(default_factory=dict)

    def catch_up(self) -> None:
        while self.works:
            work = next(iter(self.works))
            work(self.works.pop(work))


_gathered: ContextVar[Gathered | None] = ContextVar("gathered", default=None)


@batch_context
@contextmanager
def together() -> Iterator[None]:
    """Gather work and do it at the end: once for all kinds is quicker than once for each."""
    inner = Gathered()
    with stale_days.batch():
        token = _gathered.set(inner)
        try:
            yield
            inner.catch_up()
        finally:
            _gathered.reset(token)


def at_batch_end(work: Work, events: Sequence[Event]) -> None:
    """Do `work` with these events and all others it is wanted for, when every kind has been."""
    gathered = _gathered.get()
    if gathered is None:
        work(events)
    else:
        gathered.works.setdefault(work, []).extend(events)


def day_of(moment: datetime) -> date:
    """The day in the provider's zone."""
    return local_day(moment, reporting_clock.reporting_zone())


def mark_stale(moments: Iterable[tuple[int, datetime | None]]) -> None:
    """Mark the days of (course id, moment) dirty; a moment that is None marks nothing."""
    stale_days.mark_moments_stale(CATEGORY, moments)


def mark_days_stale(days: Iterable[tuple[int, date]]) -> None:
    stale_days.mark_days_stale(CATEGORY, days)


def update_freshness(events: Sequence[Event]) -> None:
    """Note how far the courses' data reach."""
    stale_days.update_freshness(CATEGORY, events)
