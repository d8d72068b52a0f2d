"""Recompute stale periods: read the sums from the facts and store those that changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from math import inf

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from core import reporting_clock
from core.database.locks import try_lock
from curriculum.models import Course
from kpis.aggregation.grouped_sums import NOBODY
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import REGISTRY
from kpis.models import RecomputeRun
from kpis.recompute import at_once, claims, stale_days, stale_periods
from kpis.recompute.job import Job
from kpis.recompute.jobs import Progress, Recomputed, run_jobs

logger = logging.getLogger(__name__)

# seconds between two attempts to take the lock, or to claim what others have claimed
RETRY_EVERY = 0.02


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
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    waits: bool = False,
    pace: float = 0,
) -> int:
    """Recompute all stale periods, under `recompute_lock`; returns the number of figures written.

    Safe to kill: a period stays stale until its figures are stored. If a KPI fails, its periods
    wait for the next run. Newly stale days are gathered at every step, so that a
    month never waits for thousands of days. What other processes have claimed is left to them;
    with `waits`, return only when they are done too. While little is stale, steps begin at least
    `pace` seconds apart.
    """
    written, done_periods, failed = 0, 0, set[str]()
    while True:
        next_step = time.monotonic() + pace
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
        if pace and at_once.stale_rows(failed):
            time.sleep(max(0, next_step - time.monotonic()))


def _step(failed: Collection[str], now: datetime | None) -> tuple[Recomputed, int] | None:
    """Recompute everything stale or, if that is much, what is most urgent.

    Returns the result and the number of stale days or periods, or None if there is nothing to
    claim.
    """
    rows = at_once.stale_rows(failed)
    if rows is not None:
        try:
            return at_once.recompute(rows, now) if rows else None
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.debug("recomputing KPIs in turn, since one failed", exc_info=True)
    return _most_urgent_step(failed, now)


def _most_urgent_step(
    failed: Collection[str], now: datetime | None
) -> tuple[Recomputed, int] | None:
    """Claim courses, or the site, and recompute what is most urgent in them."""
    days = stale_periods.not_gathered()
    with claims.claim_free(stale_periods.waiting_courses(days, failed)) as courses:
        if not courses:
            return None
        if not days.keys().isdisjoint(courses):
            stale_periods.gather(now or timezone.now(), courses)
        # read the clock after gathering: the gathered days were marked before this moment
        at = now or timezone.now()
        groups = stale_periods.groups(courses, failed)
        jobs = [_job_of(group) for group in groups if group.key in REGISTRY]
        done = run_jobs(sorted(jobs, key=_periods_of, reverse=True), at, announces=False)
        stale_periods.remove(_unknown(groups))
        return done, sum(len(group.row_ids) for group in groups)


def _job_of(group: stale_periods.Group) -> Job:
    """Return a job for courses, which leaves the site to a step of its own, or for the site."""
    of_courses = [(period, courses) for period, courses in group.periods if courses]
    return Job(
        REGISTRY[group.key],
        of_courses,
        leaves_site=bool(of_courses),
        site_periods=[period for period, courses in group.periods if not courses],
        row_ids=group.row_ids,
    )


def _unknown(groups: Sequence[stale_periods.Group]) -> list[int]:
    """Return the stale periods of KPIs that no longer exist."""
    return [pk for group in groups if group.key not in REGISTRY for pk in group.row_ids]


def _periods_of(job: Job) -> list[tuple[Period, list[int]]]:
    of_site = ((one, NOBODY) for one in job.site_periods)
    return [(period, sorted(ids)) for period, ids in (*job.periods, *of_site)]


def recompute_since(since: datetime, now: datetime) -> Recomputed:
    """Recompute all periods that were open at some time since then: time alone changes them."""
    zone = reporting_clock.reporting_zone()
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    first, last = local_day(since, zone), local_day(now, zone)
    jobs = [
        Job(indicator, chunk, is_complete=True)
        for chunk in stale_periods.chunks_of(first, last, courses, now)
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
