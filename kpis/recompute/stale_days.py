"""Record which days count differently since facts changed, and queue the recomputation.

Facts mark their days in the transaction that changes them. Within `batch()`, the days of all
handlers are gathered and written once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from django.db import transaction

from core import reporting_clock, task_queue
from core.database import bulk_upsert
from curriculum.models import Course
from kpis.definitions.periods import containing, local_day
from kpis.models import DataFreshness, Measurement, StaleDay

TASK = "kpis.tasks.recompute"
QUEUED = "kpis.recompute-queued"

# None for facts that belong to no course and so to the site alone
CourseId = int | None


class DatedEvent(Protocol):
    """The part of an event that decides how recent the data are."""

    @property
    def course_id(self) -> CourseId: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def received_at(self) -> datetime: ...


@dataclass
class Batch:
    """The stale days per category or KPI key, and the latest event per category and course."""

    days: dict[str, set[tuple[CourseId, date]]] = field(default_factory=lambda: defaultdict(set))
    latest: dict[str, dict[int, datetime]] = field(default_factory=lambda: defaultdict(dict))
    received_at: datetime | None = None

    def add_event(self, category: str, course: int, at: datetime, received_at: datetime) -> None:
        latest = self.latest[category]
        latest[course] = max(at, latest.get(course, at))
        self.received_at = max(received_at, self.received_at or received_at)

    def write(self) -> None:
        _write_days(self.days)
        if self.received_at:
            write_freshness(self.latest, received_at=self.received_at)


_current: ContextVar[Batch | None] = ContextVar("batch_of_stale_days", default=None)


@contextmanager
def batch() -> Iterator[Batch]:
    """Gather stale days and write them at the end, or not at all when something fails.

    Handlers that each wrote their own would lock the same rows in different orders. An inner
    batch joins the outer one.
    """
    if (outer := _current.get()) is not None:
        yield outer
        return
    gathered = Batch()
    token = _current.set(gathered)
    try:
        yield gathered
    finally:
        _current.reset(token)
    gathered.write()


def mark_moments_stale(key: str, moments: Iterable[tuple[CourseId, datetime | None]]) -> None:
    """Mark the day of each (course id, moment) stale; a moment of None marks nothing.

    `key` is a category, for all its KPIs, or the key of one KPI.
    """
    zone = reporting_clock.reporting_zone()
    mark_days_stale(key, ((course, local_day(at, zone)) for course, at in moments if at))


def mark_days_stale(key: str, days: Iterable[tuple[CourseId, date]]) -> None:
    """Mark each (course id, day) stale under a category or the key of one KPI."""
    with batch() as current:
        current.days[key].update(days)


def update_freshness(category: str, events: Sequence[DatedEvent]) -> None:
    """Note the latest event of a category in each course."""
    with batch() as current:
        for event in events:
            if event.course_id is not None:
                current.add_event(category, event.course_id, event.occurred_at, event.received_at)


@transaction.atomic
def request_recompute(measurements: Iterable[Measurement]) -> int:
    """Mark every day of these measurements stale; returns the number of days and courses.

    The site's measurement is the sum of all courses, so the days of each course are marked.
    """
    everywhere = list(Course.objects.values_list("pk", flat=True))
    zone = reporting_clock.reporting_zone()
    marked: dict[str, set[tuple[CourseId, date]]] = defaultdict(set)
    for one in measurements:
        period = containing(one.period_start, one.period_kind, zone)
        days = [period.first + timedelta(days=passed) for passed in range(period.days)]
        courses = everywhere if one.course_id is None else [one.course_id]
        marked[one.kpi.partition(".")[0]] |= {(pk, day) for pk in courses for day in days}
    _write_days(marked)
    return sum(len(days) for days in marked.values())


def _write_days(days: Mapping[str, Iterable[tuple[CourseId, date]]]) -> None:
    rows = [
        StaleDay(key=key, course_id=course, day=day)
        for key, some in days.items()
        for course, day in sorted(some, key=lambda one: (one[0] or 0, one[1]))
    ]
    if not rows:
        return
    StaleDay.objects.bulk_create(rows, batch_size=1000)
    queued = transaction.get_connection().run_on_commit
    if not any(function is recompute_soon for _, function, _ in queued):
        transaction.on_commit(recompute_soon)


def recompute_soon() -> None:
    """Queue the recompute task, once however many batches ask for it before it starts.

    If the broker is unreachable, the stale days stay and the schedule finds them.
    """
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise="figures are recomputed by the schedule")


def write_freshness(latest: Mapping[str, Mapping[int, datetime]], *, received_at: datetime) -> None:
    """Store the latest event by category and course id; an older one changes nothing."""
    bulk_upsert.upsert(
        DataFreshness,
        ("category", "course_id", "data_through", "received_at"),
        [
            (category, course_id, at, received_at)
            for category, courses in sorted(latest.items())
            for course_id, at in sorted(courses.items())
        ],
        conflict="category, course_id",
        merge={"data_through": "larger", "received_at": "larger"},
    )
