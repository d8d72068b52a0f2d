"""Recompute figures whether their facts changed or not, or compare them with their facts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min

from core import reporting_clock
from curriculum.models import Course
from kpis.definitions.periods import Period, between, containing, local_day, midnight
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Measurement, PeriodKind, Verification
from kpis.recompute import definition_history, recompute_stale, stale_days, stale_periods
from kpis.recompute.job import Job
from kpis.recompute.jobs import (
    Progress,
    Recomputed,
    compare_jobs,
    of_same_periods,
    run_jobs,
)
from kpis.recompute.store_measurements import Change
from kpis.statistics.intervals import NOTHING, Sums

# differences beyond this number are counted but not listed
LISTED = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A figure whose stored sums differ from the sums of its facts."""

    indicator: Indicator
    change: Change

    def __str__(self) -> str:
        cell, row = self.change.cell, self.change.row
        scope = f"{cell.scope} {cell.scope_id}" if cell.scope_id else cell.scope
        return (
            f"{self.indicator.key}, {cell.period.kind} {cell.period.label}, {scope}: "
            f"stored {_text(row.sums if row else NOTHING)}, recomputed {_text(cell.sums)}"
        )


def _text(sums: Sums) -> str:
    return f"{sums.total:.12g} ÷ {sums.weight:.12g} (n {sums.n}, {sums.learners} learners)"


def aggregated_indicators() -> list[Indicator]:
    """Return the KPIs that are computed from facts; the others are combined from these."""
    return [one for one in REGISTRY.values() if one.is_computed]


def catch_up(now: datetime, progress: Progress | None = None) -> None:
    """Recompute everything stale, and what time alone has changed."""
    definition_history.queue_new_definitions(now)
    with recompute_stale.recompute_lock():
        recompute_stale.recompute_stale(now=now, progress=progress, waits=True)
    recompute_stale.recompute_open(now)


def jobs_for(indicators: Sequence[Indicator], first: date, last: date, now: datetime) -> list[Job]:
    """Return jobs for all periods around these days that have begun, in all courses."""
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    return [
        Job(indicator, chunk, is_complete=True)
        for chunk in stale_periods.chunks_of(first, last, courses, now)
        for indicator in indicators
        if indicator.is_computed
    ]


def recompute(jobs: Sequence[Job], now: datetime, progress: Progress | None = None) -> Recomputed:
    """Correct every figure that differs from its facts."""
    return run_jobs(jobs, now, progress)


def differences(
    jobs: Sequence[Job], now: datetime, progress: Progress | None = None
) -> Iterator[Difference]:
    """Yield the figures that differ from their facts although they are not stale.

    Call `catch_up(now)` first, since time alone changes open periods.
    """
    at = 0
    for batch in of_same_periods(jobs):
        yield from _differences(batch, now)
        at += len(batch)
        if progress:
            progress(at, len(jobs))


def _differences(batch: Sequence[Job], now: datetime) -> list[Difference]:
    changes = compare_jobs(batch, now)
    found = [
        Difference(job.indicator, one)
        for job in batch
        for one in changes.get(job.indicator.key, ())
    ]
    # stale days are read after the facts, so that they include changes made in between
    return [one for one in found if not _is_newer(one, now) and not _is_stale(one)]


def _is_newer(one: Difference, now: datetime) -> bool:
    """True if another process has recomputed the figure since `now`."""
    return one.change.row is not None and one.change.row.computed_at > now


def _is_stale(one: Difference) -> bool:
    cell = one.change.cell
    starts = stale_days.stale_starts(one.indicator, [cell.period])
    return any(cell.course_id in (None, course) for _, course in starts)


def verify_sample(now: datetime) -> Verification | None:
    """Once a night, compare a sample of figures with their facts; log and correct differences.

    Each sample covers the last closed month and one more period of each kind, so that over time
    all of the history is checked. Returns None if this night's sample was taken already.
    """
    today = local_day(now, reporting_clock.reporting_zone())
    # three o'clock, or close to it when the clocks change
    due = midnight(today, reporting_clock.reporting_zone()) + timedelta(hours=3)
    if now < due or Verification.objects.filter(as_of__gte=due).exists():
        return None
    periods = sample_of(today)
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    found: list[Difference] = []
    for period in periods:
        sample = [(period, courses)]
        jobs = [Job(one, sample, is_complete=True) for one in aggregated_indicators()]
        if wrong := _differences(jobs, now):
            found += wrong
            run_jobs(jobs, now)
    for one in found:
        logger.error("A stored figure was wrong and has been corrected: %s", one)
    return Verification.objects.create(
        as_of=now,
        sample=", ".join(one.label for one in periods),
        corrected=len(found),
        details="\n".join(str(one) for one in found[:LISTED]),
    )


def sample_of(today: date) -> list[Period]:
    """Return the last closed month and, of each kind of period, the one that is next in turn."""
    first: date | None = Measurement.objects.aggregate(first=Min("period_start"))["first"]
    zone = reporting_clock.reporting_zone()
    found = {containing(today, PeriodKind.MONTH, zone).previous}
    for kind in PeriodKind.values if first else ():
        periods = list(between(first or today, today, kind, zone))
        found.add(periods[today.toordinal() % len(periods)])
    return sorted(found, key=lambda one: (one.kind, one.first))
