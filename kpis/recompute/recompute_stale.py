"""Measure: the sums of stale cells, from the facts into Measurement rows."""

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
from core.locks import lock_to_write, queue_to_write, try_lock
from curriculum.models import Course, CourseRun
from kpis.definitions.periods import Period, between, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Measurement, PeriodKind, RecomputeRun
from kpis.recompute import stale_periods
from kpis.recompute.compute_cells import compute_cells
from kpis.recompute.store_measurements import Change, compare, store
from kpis.signals import measurements_committed

logger = logging.getLogger(__name__)

# so long, in seconds, before it is looked what else has come to wait
LOOK_AFTER = 2.0
# how soon, in seconds, somebody who waits for a turn sees that the one before has ended
LOOK_EVERY = 0.02

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Job:
    """One KPI in some periods of one kind, for the courses that changed in each.

    `key` is what was marked: the KPI or its category.
    """

    key: str
    indicator: Indicator
    periods: Sequence[tuple[Period, frozenset[int]]]
    # every course is among them, so that the site can be looked at for itself
    is_complete: bool = False

    @property
    def kind(self) -> str:
        return self.periods[0][0].kind

    def ends_a_kind_before(self, following: Sequence[Job]) -> bool:
        """True where no more of its periods' kind and of its key come next."""
        return [(self.key, self.kind)] != [(job.key, job.kind) for job in following]


@dataclass
class Recomputed:
    """What some jobs wrote, and the keys of those that failed."""

    written: int = 0
    failed: set[str] = field(default_factory=set)
    unannounced: set[tuple[str, str, frozenset[int]]] = field(default_factory=set)

    def note(self, job: Job, written: int) -> None:
        self.written += written
        if written:
            courses = frozenset[int]().union(*(ids for _, ids in job.periods))
            self.unannounced.add((job.indicator.category, job.kind, courses))

    def announce(self) -> None:
        """Send the signal for what has been committed since the time before."""
        if self.unannounced:
            measurements_committed.send(Measurement, changed=self.unannounced)
            self.unannounced = set()


@contextmanager
def serve_stale(patience: float = inf) -> Iterator[bool]:
    """Take the turn to serve what is stale, which one process has at a time.

    Yields False where another one keeps it for longer than `patience` seconds: it will find
    what waits.
    """
    deadline = time.monotonic() + patience
    while True:
        with try_lock("measure-marks") as is_ours:
            if is_ours or time.monotonic() > deadline:
                yield is_ours
                return
        time.sleep(LOOK_EVERY)


def recompute_stale(*, now: datetime | None = None, progress: Progress | None = None) -> int:
    """Recompute all that is stale, in one's turn; returns the number of figures written.

    Safe to be killed: a period waits until its figures are in. Those under a key of which a KPI
    failed wait for the next run. What comes to wait meanwhile takes its place by its kind, so
    that a month never waits for thousands of days.
    """
    written, served, failed = 0, 0, set[str]()
    while True:
        stale_periods.gather(now or timezone.now())
        # read after the marks: what was marked since the start happened before this moment
        at = now or timezone.now()
        begun = time.monotonic()
        groups = list(stale_periods.groups(failed))
        if not groups:
            return written
        waiting = served + stale_periods.count() if progress else 0
        for group in groups:
            if group.key in failed:
                continue
            done = run_jobs(_jobs_of(group), at, settle=partial(stale_periods.remove_served, group))
            written += done.written
            failed |= done.failed
            served += len(group.row_ids)
            if progress:
                progress(served, waiting)
            if time.monotonic() - begun > LOOK_AFTER:
                break


def _jobs_of(group: stale_periods.Group) -> list[Job]:
    indicators = [one for one in REGISTRY.values() if group.key in (one.category, one.key)]
    return [Job(group.key, one, group.periods) for one in indicators]


def recompute_since(since: datetime, now: datetime) -> Recomputed:
    """Measure all periods that were open at some time since then: time alone changes them."""
    zone = reporting_clock.reporting_zone()
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    jobs = [
        Job(indicator.category, indicator, chunk)
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
    """Measure what time has changed since the run before; the first run looks back a quarter.

    None where a KPI failed: the next run looks back as far as this one.
    """
    began = timezone.now()
    # a run noted in the future was made before the clock was set back
    latest = RecomputeRun.objects.filter(as_of__lte=now).first()
    since = latest.as_of if latest else now - timedelta(days=92)
    done = recompute_since(since, now)
    if done.failed:
        return None
    seconds = (timezone.now() - began).total_seconds()
    run, _ = RecomputeRun.objects.update_or_create(
        as_of=now, defaults={"cells": done.written, "seconds": seconds}
    )
    return run


def run_jobs(
    jobs: Sequence[Job],
    now: datetime,
    progress: Progress | None = None,
    *,
    settle: Callable[[], None] | None = None,
) -> Recomputed:
    """Run the jobs; a KPI that fails is logged and takes no other down.

    Those of the same periods are read one after another and then written in one turn. `settle`
    is written with them; it says that nothing of the jobs waits any longer, and so is left out
    where one of them fails.
    """
    done = Recomputed()
    for at, batch in _of_one_chunk(jobs):
        try:
            run_together(batch, now, done, settle)
        except (OperationalError, InterfaceError):
            # the database itself is away or busy: the task tries again
            raise
        except Exception:
            logger.debug("one of %d jobs fails, each is run alone", len(batch), exc_info=True)
            _run_apart(batch, now, done, settle)
        if batch[-1].ends_a_kind_before(jobs[at : at + 1]):
            done.announce()
        if progress:
            progress(at, len(jobs))
    return done


def _of_one_chunk(jobs: Sequence[Job]) -> Iterator[tuple[int, list[Job]]]:
    """Consecutive jobs of the same periods, with the number of jobs up to and with them."""
    at = 0
    for _, some in groupby(jobs, key=lambda job: job.periods):
        batch = list(some)
        at += len(batch)
        yield at, batch


def run_together(
    batch: Sequence[Job],
    now: datetime,
    done: Recomputed,
    settle: Callable[[], None] | None = None,
) -> None:
    """Read the cells of jobs, then write them, with no other measuring in between.

    Without the hold, a slow measurer could write what it read before a faster one.
    """
    with lock_to_write("measure"):
        changes = [_changes(job, now) for job in batch]
        if settle or any(changes):
            with queue_to_write(), transaction.atomic():
                for job, some in zip(batch, changes, strict=True):
                    store(job.indicator, some, now)
                if settle:
                    settle()
    for job, some in zip(batch, changes, strict=True):
        done.note(job, len(some))


def _run_apart(
    batch: Sequence[Job], now: datetime, done: Recomputed, settle: Callable[[], None] | None
) -> None:
    failed = set[str]()
    for job in batch:
        try:
            run_together([job], now, done)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s cannot be measured", job.indicator.key)
            failed.add(job.key)
    if settle and not failed:
        settle()
    done.failed |= failed


def compare_job(job: Job, now: datetime) -> list[Change]:
    """What a job would write."""
    with lock_to_write("measure"):
        return _changes(job, now)


def _changes(job: Job, now: datetime) -> list[Change]:
    if job.indicator.aggregate is None:
        return []
    courses = frozenset[int]().union(*(ids for _, ids in job.periods))
    found = CourseRun.objects.filter(course__in=courses).order_by()
    runs = dict(found.values_list("pk", "course_id"))
    cells = list(compute_cells(job.indicator, job.periods, runs, now))
    return compare(job.indicator, cells, now, is_complete=job.is_complete)
