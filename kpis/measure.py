"""Measure: the sums of dirty cells, from the facts into Measurement rows."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from curriculum.holds import hold_to_write
from curriculum.models import Course, CourseRun
from kpis import clock
from kpis.cells import cells_of
from kpis.live import stamps, topics
from kpis.models import DirtyDay, MeasureRun, PeriodKind
from kpis.periods import Period, between, containing, local_day
from kpis.record import record
from kpis.registry import REGISTRY, Indicator

logger = logging.getLogger(__name__)

MARKS_AT_ONCE = 50_000
# what is read and then written at once spans about this many days
DAYS_AT_ONCE = 92
# what pages show unless asked otherwise is measured first
SOONEST_FIRST = (PeriodKind.MONTH, PeriodKind.WEEK, PeriodKind.DAY, PeriodKind.QUARTER)

Progress = Callable[[int, int], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """One KPI in some periods of one kind, for the courses that changed in each.

    `key` is what was marked: the KPI or its category.
    """

    key: str
    indicator: Indicator
    periods: Sequence[tuple[Period, frozenset[int]]]

    @property
    def kind(self) -> str:
        return self.periods[0][0].kind

    def ends_a_kind_before(self, following: Sequence[Job]) -> bool:
        """True where no more of its periods' kind and of its key come next."""
        return [(self.key, self.kind)] != [(job.key, job.kind) for job in following]


@dataclass
class Done:
    """What some jobs wrote, and the keys of those that failed."""

    written: int = 0
    failed: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)

    def note(self, job: Job, written: int) -> None:
        self.written += written
        if written:
            courses = frozenset[int]().union(*(ids for _, ids in job.periods))
            self.untold.update(topics.to_tell(job.indicator.category, job.kind, courses))

    def tell(self) -> None:
        """Let open pages know what has been written since they were told before."""
        if self.untold:
            stamps.tell(self.untold)
            self.untold = set()


def measure_dirty(*, now: datetime | None = None, progress: Progress | None = None) -> int:
    """Measure every marked cell again and clear the marks; returns the cells written.

    Safe to run twice, at once, or to be killed: marks go only after their cells are in. Those
    under a key of which a KPI failed stay for the next run.
    """
    written, failed = 0, set[str]()
    while marks := _marks(failed):
        # read after the marks: what was marked since the start happened before this moment
        at = now or timezone.now()
        days: dict[str, dict[date, set[int]]] = defaultdict(lambda: defaultdict(set))
        for mark in marks:
            # a mark without a course asks for the site alone
            days[mark.key][mark.day] |= {mark.course_id} if mark.course_id else set()
        jobs = [job for key in days for job in jobs_of(key, days[key], at)]
        done = run_jobs(jobs, at, progress)
        written += done.written
        failed |= done.failed
        # by value and not by range: a mark of a slower transaction may lie in between
        for chunk in _chunks([mark.pk for mark in marks if mark.key not in failed], 500):
            DirtyDay.objects.filter(pk__in=chunk).delete()
    return written


def _marks(failed: set[str]) -> list[DirtyDay]:
    waiting = DirtyDay.objects.exclude(key__in=failed)
    return list(waiting.order_by("pk")[:MARKS_AT_ONCE])


def measure_since(since: datetime, now: datetime) -> Done:
    """Measure all periods that were open at some time since then: time alone changes them."""
    zone = clock.zone()
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    jobs = [
        Job(indicator.category, indicator, chunk)
        for kind in PeriodKind.values
        for chunk in _by_days(
            [
                (period, courses)
                for period in between(local_day(since, zone), local_day(now, zone), kind, zone)
            ]
        )
        for indicator in REGISTRY.values()
    ]
    return run_jobs(jobs, now)


def measure_open(now: datetime) -> MeasureRun | None:
    """Measure what time has changed since the run before; the first run looks back a quarter.

    None where a KPI failed: the next run looks back as far as this one.
    """
    began = timezone.now()
    # a run noted in the future was made before the clock was set back
    latest = MeasureRun.objects.filter(as_of__lte=now).first()
    since = latest.as_of if latest else now - timedelta(days=92)
    done = measure_since(since, now)
    if done.failed:
        return None
    seconds = (timezone.now() - began).total_seconds()
    run, _ = MeasureRun.objects.update_or_create(
        as_of=now, defaults={"cells": done.written, "seconds": seconds}
    )
    return run


def jobs_of(key: str, days: dict[date, set[int]], now: datetime) -> Iterable[Job]:
    """The KPIs and periods of every kind that days marked under a category or a KPI are in."""
    zone = clock.zone()
    indicators = [one for one in REGISTRY.values() if key in (one.category, one.key)]
    for kind in SOONEST_FIRST:
        courses: dict[Period, set[int]] = defaultdict(set)
        for day, ids in days.items():
            courses[containing(day, kind, zone)] |= ids
        begun = sorted(period for period in courses if period.has_begun(now))
        for chunk in _by_days([(period, frozenset(courses[period])) for period in begun]):
            for indicator in indicators:
                yield Job(key, indicator, chunk)


def run_jobs(jobs: Sequence[Job], now: datetime, progress: Progress | None = None) -> Done:
    """Run each job by itself: a KPI that fails is logged and takes no other down."""
    done = Done()
    for at, job in enumerate(jobs, start=1):
        try:
            done.note(job, run_job(job, now) if job.indicator.tally else 0)
        except (OperationalError, InterfaceError):
            # the database itself is away or busy: the task tries again
            raise
        except Exception:
            logger.exception("%s cannot be measured", job.indicator.key)
            done.failed.add(job.key)
        if job.ends_a_kind_before(jobs[at : at + 1]):
            done.tell()
        if progress:
            progress(at, len(jobs))
    return done


def run_job(job: Job, now: datetime) -> int:
    """Read and write the cells of a job with no other measuring in between.

    Without the hold, a slow measurer could write what it read before a faster one.
    """
    with hold_to_write("measure"):
        runs = dict(CourseRun.objects.values_list("pk", "course_id"))
        cells = list(cells_of(job.indicator, job.periods, runs, now))
        return record(job.indicator, cells, now)


def _by_days(
    periods: list[tuple[Period, frozenset[int]]],
) -> Iterable[list[tuple[Period, frozenset[int]]]]:
    if periods:
        yield from _chunks(periods, max(1, DAYS_AT_ONCE // periods[0][0].days))


def _chunks(items: list[T], size: int) -> Iterable[list[T]]:
    return (items[i : i + size] for i in range(0, len(items), size))
