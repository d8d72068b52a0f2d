"""Recompute stale periods: read the sums from the facts and store those that changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from math import inf

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from core import reporting_clock
from core.changes import CourseId
from core.database.locks import queue_to_write, try_lock
from curriculum.models import Course, CourseRun
from kpis.definitions.periods import Period, between, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Measurement, PeriodKind, RecomputeRun
from kpis.recompute import claims, stale_days, stale_periods
from kpis.recompute.compute_cells import Wanted, compute_all
from kpis.recompute.store_measurements import (
    Cell,
    Change,
    Key,
    StoredRow,
    compare,
    compare_courses,
    compare_site,
    rows_of_site,
    store,
)
from kpis.signals import measurements_committed

logger = logging.getLogger(__name__)

# seconds between two attempts to take the lock, or to claim what others have claimed
RETRY_EVERY = 0.02

Progress = Callable[[int, int], object]
# of each job
Changes = Sequence[Sequence[Change]]


@dataclass(frozen=True)
class Job:
    """One KPI in some periods of one kind: in the courses of each or, without any, for the site.

    `row_ids` are the stale periods to remove once its figures are stored.
    """

    indicator: Indicator
    periods: stale_periods.PeriodCourses
    # True if it covers every course, so that the site can be compared even if no course changed
    is_complete: bool = False
    # True if the site is only marked stale, and recomputed in a step of its own
    leaves_site: bool = False
    row_ids: Collection[int] = ()

    @cached_property
    def courses(self) -> frozenset[int]:
        return frozenset[int]().union(*(ids for _, ids in self.periods))

    @property
    def is_of_site(self) -> bool:
        return self.leaves_site and not self.courses

    @property
    def kind(self) -> str:
        return self.periods[0][0].kind

    def is_last_of_kind(self, following: Sequence[Job]) -> bool:
        """True unless the following job has the same category and kind of period."""
        return [(self.indicator.category, self.kind)] != [
            (job.indicator.category, job.kind) for job in following
        ]


@dataclass
class Recomputed:
    """The number of figures that jobs wrote, and the keys of the jobs that failed."""

    written: int = 0
    failed: set[str] = field(default_factory=set)
    unannounced: set[tuple[str, str, frozenset[int]]] = field(default_factory=set)

    def note(self, job: Job, written: int) -> None:
        self.written += written
        if written:
            self.unannounced.add((job.indicator.category, job.kind, job.courses))

    def announce(self) -> None:
        """Send the signal for everything committed since the last one."""
        if self.unannounced:
            measurements_committed.send(Measurement, changed=self.unannounced)
            self.unannounced = set()


@contextmanager
def recompute_lock(patience: float = inf) -> Iterator[bool]:
    """On SQLite, hold the lock under which one process at a time recomputes stale periods.

    Yields False if another process keeps it for longer than `patience` seconds; that process
    will also find what became stale meanwhile. On PostgreSQL processes share the work by claims.
    """
    if connection.vendor == "postgresql":
        yield True
        return
    deadline = time.monotonic() + patience
    while True:
        with try_lock("recompute-stale") as is_ours:
            if is_ours or time.monotonic() > deadline:
                yield is_ours
                return
        time.sleep(RETRY_EVERY)


def recompute_stale(
    *, now: datetime | None = None, progress: Progress | None = None, waits: bool = False
) -> int:
    """Recompute all stale periods, under `recompute_lock`; returns the number of figures written.

    Safe to kill: a period stays stale until its figures are stored. If a KPI fails, its periods
    wait for the next run. Newly stale days are gathered at every step, so that a
    month never waits for thousands of days. What other processes have claimed is left to them;
    with `waits`, return only when they are done too.
    """
    written, done_periods, failed = 0, 0, set[str]()
    while True:
        step = _step(failed, now)
        if step is None:
            if not (waits and stale_days.is_anything_stale(failed)):
                return written
            time.sleep(RETRY_EVERY)
            continue
        done, periods = step
        done.announce()
        written += done.written
        failed |= done.failed
        done_periods += periods
        if progress:
            progress(done_periods, done_periods + stale_periods.count())


def _step(failed: Collection[str], now: datetime | None) -> tuple[Recomputed, int] | None:
    """Claim courses, or the site, and recompute what is most urgent in them.

    Returns the result and the number of stale periods, or None if there is nothing to claim.
    """
    days = stale_periods.not_gathered()
    with claims.claim_free(stale_periods.waiting_courses(days, failed)) as courses:
        if not courses:
            return None
        if not days.keys().isdisjoint(courses):
            stale_periods.gather(now or timezone.now(), courses)
        # read the clock after gathering: the gathered days were marked before this moment
        at = now or timezone.now()
        groups = stale_periods.groups(courses, failed)
        jobs = _aligned([_job_of(group) for group in groups if group.key in REGISTRY])
        done = run_jobs(sorted(jobs, key=_periods_of, reverse=True), at, announces=False)
        stale_periods.remove(_unknown(groups))
        return done, sum(len(group.row_ids) for group in groups)


def _job_of(group: stale_periods.Group) -> Job:
    return Job(REGISTRY[group.key], group.periods, leaves_site=True, row_ids=group.row_ids)


def _aligned(jobs: Sequence[Job]) -> list[Job]:
    """Give components the periods of their composite, so that they are read together.

    A composite is stale wherever one of its components is.
    """
    periods = {
        part.key: job.periods for job in jobs for part in job.indicator.parts if not job.is_of_site
    }
    return [
        replace(job, periods=periods[job.indicator.key])
        if job.indicator.key in periods and _is_within(job.periods, periods[job.indicator.key])
        else job
        for job in jobs
    ]


def _is_within(some: stale_periods.PeriodCourses, others: stale_periods.PeriodCourses) -> bool:
    courses = dict(others)
    return all(ids and ids <= courses.get(period, frozenset()) for period, ids in some)


def _unknown(groups: Sequence[stale_periods.Group]) -> list[int]:
    """Return the stale periods of KPIs that no longer exist."""
    return [pk for group in groups if group.key not in REGISTRY for pk in group.row_ids]


def _periods_of(job: Job) -> list[tuple[Period, list[int]]]:
    return [(period, sorted(ids)) for period, ids in job.periods]


def recompute_since(since: datetime, now: datetime) -> Recomputed:
    """Recompute all periods that were open at some time since then: time alone changes them."""
    zone = reporting_clock.reporting_zone()
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    jobs = [
        Job(indicator, chunk)
        for kind in PeriodKind.values
        for chunk in stale_periods.by_days(
            [
                (period, courses)
                for period in between(local_day(since, zone), local_day(now, zone), kind, zone)
            ]
        )
        for indicator in REGISTRY.values()
    ]
    return run_jobs(jobs, now)


def recompute_open(now: datetime) -> RecomputeRun | None:
    """Recompute what time alone changed since the last run; the first run looks back a quarter.

    Returns None if a KPI failed; the next run then looks back as far as this one.
    """
    started = timezone.now()
    # a run in the future was recorded before the clock was set back
    latest = RecomputeRun.objects.filter(as_of__lte=now).first()
    since = latest.as_of if latest else now - timedelta(days=92)
    done = recompute_since(since, now)
    if done.failed:
        return None
    seconds = (timezone.now() - started).total_seconds()
    run, _ = RecomputeRun.objects.update_or_create(
        as_of=now, defaults={"cells": done.written, "seconds": seconds}
    )
    return run


def run_jobs(
    jobs: Sequence[Job],
    now: datetime,
    progress: Progress | None = None,
    *,
    announces: bool = True,
) -> Recomputed:
    """Run the jobs; a KPI that fails is logged and does not stop the others.

    Jobs for the same periods are read one after another and stored in one transaction, in which
    the periods of the site become stale and those of the jobs are removed.
    """
    done = Recomputed()
    at = 0
    for _, same_periods in groupby(jobs, key=lambda job: job.periods):
        batch = list(same_periods)
        at += len(batch)
        try:
            run_together(batch, now, done)
        except (OperationalError, InterfaceError):
            # the database itself is unreachable or busy: the task tries again
            raise
        except Exception:
            logger.debug("one of %d jobs failed; running each alone", len(batch), exc_info=True)
            _run_separately(batch, now, done)
        if announces and batch[-1].is_last_of_kind(jobs[at : at + 1]):
            done.announce()
        if progress:
            progress(at, len(jobs))
    return done


def run_together(batch: Sequence[Job], now: datetime, done: Recomputed) -> None:
    """Read the cells of all jobs, then store them, with no other process doing so in between."""
    row_ids = sorted({pk for job in batch for pk in job.row_ids})
    with claims.claim(_claimed_by(batch)):
        changes = _changes(batch, now)
        of_site = _stale_of_site(batch, changes)
        if row_ids or of_site or any(changes):
            with queue_to_write(), transaction.atomic():
                store([(job.indicator, some) for job, some in _pairs(batch, changes)], now)
                stale_days.mark_site_stale(batch[0].kind, of_site)
                stale_periods.remove(row_ids)
    for job, some in _pairs(batch, changes):
        done.note(job, len(some))


def _pairs(batch: Sequence[Job], changes: Changes) -> Iterator[tuple[Job, Sequence[Change]]]:
    return zip(batch, changes, strict=True)


def _claimed_by(batch: Sequence[Job]) -> set[CourseId]:
    courses: set[CourseId] = set()
    for job in batch:
        courses |= job.courses
        if job.is_of_site or not job.leaves_site:
            courses.add(None)
    return courses


def _run_separately(batch: Sequence[Job], now: datetime, done: Recomputed) -> None:
    """Run each job alone, and remove the stale periods of those that do not fail."""
    failed = set[str]()
    for job in batch:
        try:
            run_together([replace(job, row_ids=())], now, done)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s could not be recomputed", job.indicator.key)
            failed.add(job.indicator.key)
    stale_periods.remove(
        [pk for job in batch if job.indicator.key not in failed for pk in job.row_ids]
    )
    done.failed |= failed


def compare_job(job: Job, now: datetime) -> list[Change]:
    """Return the changes that a job would store, without storing them."""
    with claims.claim(_claimed_by([job])):
        return list(_changes([job], now)[0])


def _changes(batch: Sequence[Job], now: datetime) -> Changes:
    """Return the changes of each job."""
    courses = frozenset[int]().union(*(job.courses for job in batch))
    runs = CourseRun.objects.filter(course__in=courses).order_by()
    course_of_run = dict(runs.values_list("pk", "course_id")) if courses else {}
    of_site = [job for job in batch if job.is_of_site]
    stored = {}
    if of_site:
        periods = [period for period, _ in of_site[0].periods]
        stored = rows_of_site((job.indicator for job in of_site), periods)
    cells = compute_all(
        [Wanted(job.indicator, job.periods) for job in batch],
        course_of_run,
        now,
        with_site=any(job.is_of_site or not job.leaves_site for job in batch),
    )
    return [
        _differences(job, cells[job.indicator.key], stored.get(job.indicator.key, {}), now)
        for job in batch
    ]


def _differences(
    job: Job, cells: Sequence[Cell], stored: dict[Key, StoredRow], now: datetime
) -> list[Change]:
    """Return the changes in the courses of a job and, unless it is left for later, the site."""
    if not job.indicator.is_computed:
        return []
    if job.is_of_site:
        return compare_site(job.indicator, [one for one, _ in job.periods], cells, stored, now)
    if job.leaves_site:
        return compare_courses(job.indicator, cells)
    return compare(job.indicator, cells, now, is_complete=job.is_complete)


def _stale_of_site(batch: Sequence[Job], changes: Changes) -> dict[str, list[Period]]:
    """Return by KPI the periods in which the site may differ once these changes are stored.

    If the site is not the sum of its courses, it may do so although no course does.
    """
    found: dict[str, list[Period]] = {}
    for job, some in _pairs(batch, changes):
        if job.leaves_site and not job.is_of_site and job.indicator.is_computed:
            changed = {change.cell.period.first for change in some}
            periods = [
                period
                for period, courses in job.periods
                if courses and (period.first in changed or not job.indicator.is_additive)
            ]
            if periods:
                found[job.indicator.key] = periods
    return found
