"""Recompute stale periods: read the sums from the facts and store those that changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from math import inf

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from core import reporting_clock
from core.database.locks import lock_to_write, queue_to_write, try_lock
from curriculum.models import Course, CourseRun
from kpis.definitions.periods import Period, between, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Measurement, PeriodKind, RecomputeRun
from kpis.recompute import stale_days
from kpis.recompute.compute_cells import compute_cells
from kpis.recompute.store_measurements import Change, compare, store
from kpis.signals import measurements_committed

logger = logging.getLogger(__name__)

# seconds of work after which newly stale days are gathered, since months come before days
GATHER_AFTER = 2.0
# seconds between two attempts to take the lock
RETRY_EVERY = 0.02

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Job:
    """One KPI in some periods of one kind, with the courses to recompute in each.

    `key` is the stale key that asked for it: the KPI's own or its category's.
    """

    key: str
    indicator: Indicator
    periods: Sequence[tuple[Period, frozenset[int]]]
    # True if it covers every course, so that the site can be compared even if no course changed
    is_complete: bool = False

    @property
    def kind(self) -> str:
        return self.periods[0][0].kind

    def is_last_of_kind(self, following: Sequence[Job]) -> bool:
        """True unless the following job has the same key and kind of period."""
        return [(self.key, self.kind)] != [(job.key, job.kind) for job in following]


@dataclass
class Recomputed:
    """The number of figures that jobs wrote, and the keys of the jobs that failed."""

    written: int = 0
    failed: set[str] = field(default_factory=set)
    unannounced: set[tuple[str, str, frozenset[int]]] = field(default_factory=set)

    def note(self, job: Job, written: int) -> None:
        self.written += written
        if written:
            courses = frozenset[int]().union(*(ids for _, ids in job.periods))
            self.unannounced.add((job.indicator.category, job.kind, courses))

    def announce(self) -> None:
        """Send the signal for everything committed since the last one."""
        if self.unannounced:
            measurements_committed.send(Measurement, changed=self.unannounced)
            self.unannounced = set()


@contextmanager
def recompute_lock(patience: float = inf) -> Iterator[bool]:
    """Hold the lock under which one process at a time recomputes stale periods.

    Yields False if another process keeps it for longer than `patience` seconds; that process
    will also find what became stale meanwhile.
    """
    deadline = time.monotonic() + patience
    while True:
        with try_lock("recompute-stale") as is_ours:
            if is_ours or time.monotonic() > deadline:
                yield is_ours
                return
        time.sleep(RETRY_EVERY)


def recompute_stale(*, now: datetime | None = None, progress: Progress | None = None) -> int:
    """Recompute all stale periods, under `recompute_lock`; returns the number of figures written.

    Safe to kill: a period stays stale until its figures are stored. If a KPI fails, the periods
    under its key wait for the next run. Days that become stale meanwhile are gathered between
    groups, so that a month never waits for thousands of days.
    """
    written, done_periods, failed = 0, 0, set[str]()
    while True:
        stale_days.gather(now or timezone.now())
        # read the clock after gathering: the gathered days were marked before this moment
        at = now or timezone.now()
        started = time.monotonic()
        groups = list(stale_days.groups(failed))
        if not groups:
            return written
        total = done_periods + stale_days.count() if progress else 0
        for group in groups:
            if group.key in failed:
                continue
            done = run_jobs(_jobs_of(group), at, on_stored=partial(stale_days.remove, group))
            written += done.written
            failed |= done.failed
            done_periods += len(group.row_ids)
            if progress:
                progress(done_periods, total)
            if time.monotonic() - started > GATHER_AFTER:
                break


def _jobs_of(group: stale_days.Group) -> list[Job]:
    indicators = [one for one in REGISTRY.values() if group.key in (one.category, one.key)]
    return [Job(group.key, one, group.periods) for one in indicators]


def recompute_since(since: datetime, now: datetime) -> Recomputed:
    """Recompute all periods that were open at some time since then: time alone changes them."""
    zone = reporting_clock.reporting_zone()
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    jobs = [
        Job(indicator.category, indicator, chunk)
        for kind in PeriodKind.values
        for chunk in stale_days.by_days(
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
    on_stored: Callable[[], None] | None = None,
) -> Recomputed:
    """Run the jobs; a KPI that fails is logged and does not stop the others.

    Jobs for the same periods are read one after another and stored in one transaction. `on_stored`
    runs in that transaction, but only if all of them succeed: it removes the stale periods.
    """
    done = Recomputed()
    at = 0
    for _, same_periods in groupby(jobs, key=lambda job: job.periods):
        batch = list(same_periods)
        at += len(batch)
        try:
            run_together(batch, now, done, on_stored)
        except (OperationalError, InterfaceError):
            # the database itself is unreachable or busy: the task tries again
            raise
        except Exception:
            logger.debug("one of %d jobs failed; running each alone", len(batch), exc_info=True)
            _run_separately(batch, now, done, on_stored)
        if batch[-1].is_last_of_kind(jobs[at : at + 1]):
            done.announce()
        if progress:
            progress(at, len(jobs))
    return done


def run_together(
    batch: Sequence[Job],
    now: datetime,
    done: Recomputed,
    on_stored: Callable[[], None] | None = None,
) -> None:
    """Read the cells of all jobs, then store them, with no other process doing so in between.

    Without the lock, a slow process could overwrite newer figures with what it read earlier.
    """
    with lock_to_write("measurements"):
        changes = [_changes(job, now) for job in batch]
        if on_stored or any(changes):
            with queue_to_write(), transaction.atomic():
                for job, some in zip(batch, changes, strict=True):
                    store(job.indicator, some, now)
                if on_stored:
                    on_stored()
    for job, some in zip(batch, changes, strict=True):
        done.note(job, len(some))


def _run_separately(
    batch: Sequence[Job], now: datetime, done: Recomputed, on_stored: Callable[[], None] | None
) -> None:
    failed = set[str]()
    for job in batch:
        try:
            run_together([job], now, done)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s could not be recomputed", job.indicator.key)
            failed.add(job.key)
    if on_stored and not failed:
        on_stored()
    done.failed |= failed


def compare_job(job: Job, now: datetime) -> list[Change]:
    """Return the changes that a job would store, without storing them."""
    with lock_to_write("measurements"):
        return _changes(job, now)


def _changes(job: Job, now: datetime) -> list[Change]:
    if job.indicator.facts is None:
        return []
    courses = frozenset[int]().union(*(ids for _, ids in job.periods))
    found = CourseRun.objects.filter(course__in=courses).order_by()
    course_of_run = dict(found.values_list("pk", "course_id"))
    cells = list(compute_cells(job.indicator, job.periods, course_of_run, now))
    return compare(job.indicator, cells, now, is_complete=job.is_complete)
