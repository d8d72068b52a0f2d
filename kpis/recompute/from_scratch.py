"""Recompute figures from scratch, whether their facts changed or not; or only compare them."""

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
from kpis.recompute import recompute_stale, stale_periods
from kpis.recompute.recompute_stale import Job, Progress, Recomputed
from kpis.recompute.store_measurements import Change, sums_of
from kpis.statistics.intervals import NOTHING, Sums

# so many differences are written down; the others are only counted
LISTED = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A figure whose stored sums are not those of the facts."""

    indicator: Indicator
    change: Change

    def __str__(self) -> str:
        cell, row = self.change.cell, self.change.row
        scope = f"{cell.scope} {cell.scope_id}" if cell.scope_id else cell.scope
        return (
            f"{self.indicator.key}, {cell.period.kind} {cell.period.label}, {scope}: "
            f"stored {_text(sums_of(row) if row else NOTHING)}, recomputed {_text(cell.sums)}"
        )


def _text(sums: Sums) -> str:
    return f"{sums.total:.12g} ÷ {sums.weight:.12g} (n {sums.n}, {sums.learners} learners)"


def aggregated() -> list[Indicator]:
    """The KPIs that are summed from facts; the others are put together from them."""
    return [one for one in REGISTRY.values() if one.aggregate]


def catch_up(now: datetime, progress: Progress | None = None) -> None:
    """Serve all that waits, and what time alone has changed."""
    with recompute_stale.serve_stale():
        recompute_stale.recompute_stale(now=now, progress=progress)
    recompute_stale.recompute_open(now)


def jobs(indicators: Sequence[Indicator], first: date, last: date, now: datetime) -> list[Job]:
    """Every period that these days are in and that has begun, for all courses, months first."""
    zone = reporting_clock.reporting_zone()
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    return [
        Job(indicator.key, indicator, chunk, is_complete=True)
        for kind in stale_periods.SOONEST_FIRST
        for chunk in stale_periods.by_days(
            [
                (period, courses)
                for period in between(first, last, kind, zone)
                if period.has_begun(now)
            ]
        )
        for indicator in indicators
        if indicator.aggregate
    ]


def recompute(wanted: Sequence[Job], now: datetime, progress: Progress | None = None) -> Recomputed:
    """Write every figure that differs from its facts."""
    return recompute_stale.run_jobs(wanted, now, progress)


def differences(
    wanted: Sequence[Job], now: datetime, progress: Progress | None = None
) -> Iterator[Difference]:
    """The figures that differ from their facts, and of which no change is waiting by now.

    Everything must have been brought up to `now` before: time alone changes open periods.
    """
    for at, job in enumerate(wanted, start=1):
        yield from _differences(job, now)
        if progress:
            progress(at, len(wanted))


def _differences(job: Job, now: datetime) -> list[Difference]:
    found = [Difference(job.indicator, one) for one in recompute_stale.compare_job(job, now)]
    # read after the facts: whatever has changed them since they were served is marked
    return [one for one in found if not _is_newer(one, now) and not _is_waiting(one)]


def _is_newer(one: Difference, now: datetime) -> bool:
    """True where another process has measured what came in since."""
    return one.change.row is not None and one.change.row.computed_at > now


def _is_waiting(one: Difference) -> bool:
    cell = one.change.cell
    starts = stale_periods.stale_starts(one.indicator, [cell.period])
    return any(cell.course_id in (None, course) for _, course in starts)


def verify_sample(now: datetime) -> Verification | None:
    """Once a night compare a sample with its facts, and report and correct what differs.

    Each night looks at the last closed month and at one more period of each kind, so that in
    time all of the history is looked at. None where this night's sample was taken already.
    """
    today = local_day(now, reporting_clock.reporting_zone())
    if now < night(today) or Verification.objects.filter(as_of__gte=night(today)).exists():
        return None
    periods = sample(today)
    found: list[Difference] = []
    for job in _jobs_of(periods, now):
        if wrong := _differences(job, now):
            found += wrong
            recompute_stale.run_jobs([job], now)
    for one in found:
        logger.error("a stored figure was wrong and is corrected: %s", one)
    return Verification.objects.create(
        as_of=now,
        sample=", ".join(one.label for one in periods),
        corrected=len(found),
        details="\n".join(str(one) for one in found[:LISTED]),
    )


def _jobs_of(periods: Sequence[Period], now: datetime) -> list[Job]:
    """Just these periods, of every KPI."""
    return [
        job
        for one in periods
        for job in jobs(aggregated(), one.first, one.first, now)
        if job.kind == one.kind
    ]


def night(day: date) -> datetime:
    """From when on the night's sample is taken: three o'clock or, at a clock change, about it."""
    return midnight(day, reporting_clock.reporting_zone()) + timedelta(hours=3)


def sample(today: date) -> list[Period]:
    """The last closed month, and of each kind of period the one whose turn it is tonight."""
    first: date | None = Measurement.objects.aggregate(first=Min("period_start"))["first"]
    zone = reporting_clock.reporting_zone()
    found = {containing(today, PeriodKind.MONTH, zone).previous}
    for kind in PeriodKind.values if first else ():
        periods = list(between(first or today, today, kind, zone))
        found.add(periods[today.toordinal() % len(periods)])
    return sorted(found, key=lambda one: (one.kind, one.first))
