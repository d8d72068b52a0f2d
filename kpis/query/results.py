"""Results of a KPI query: values with everything that is needed to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from core import reporting_clock
from curriculum.models import Course, CourseRun, Learner, Module
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator, Interval
from kpis.models import Target
from kpis.query.kpi_query import KpiQuery
from kpis.statistics import intervals
from kpis.statistics.intervals import NOTHING, Sums

GroupObject = Course | CourseRun | Module | Learner
GROUP_OBJECTS: dict[str, QuerySet[Any]] = {
    "course": Course.objects.all(),
    "run": CourseRun.objects.select_related("course"),
    "module": Module.objects.select_related("course"),
    "learner": Learner.objects.all(),
}


@dataclass(frozen=True)
class MetricValue:
    """The value of one KPI in one period and scope; shares are 0–1.

    `other_target` is in force too, but cannot be compared with the value: it is for a month or
    for a larger scope.
    """

    indicator: Indicator
    period: Period
    status: str = "no_data"
    value: float | None = None
    sums: Sums = NOTHING
    interval: intervals.Interval | None = None
    target: Target | None = None
    other_target: Target | None = None
    computed_at: datetime | None = None
    data_through: datetime | None = None
    restated_at: datetime | None = None

    @property
    def is_shown(self) -> bool:
        return self.value is not None

    @property
    def shown(self) -> float | None:
        """Return the value in display units: 85.0 for 85%."""
        return self.indicator.unit.shown(self.value)

    @property
    def difference(self) -> float | None:
        """Return value minus target in display units; None if either is missing."""
        if self.shown is None or self.target is None:
            return None
        return round(self.shown - float(self.target.value), 4)

    @property
    def is_few(self) -> bool:
        """Return whether there are too few observations to say if the value is good."""
        indicator = self.indicator
        return self.is_shown and not indicator.is_total and self.sums.n < indicator.min_n

    @property
    def meets_target(self) -> bool | None:
        """Return None if there is no target or too few observations."""
        if self.difference is None or self.is_few:
            return None
        return self.difference >= 0 if self.indicator.higher_is_better else self.difference <= 0

    @property
    def numerator(self) -> float | None:
        """Return the sum that was divided; for a total, the value itself."""
        return self.shown if self.indicator.is_total else _without_rounding_error(self.sums.total)

    @property
    def denominator(self) -> float | None:
        return None if self.indicator.is_total else _without_rounding_error(self.sums.weight)


def _without_rounding_error(total: float) -> float:
    return round(total, 6)


@dataclass(frozen=True)
class GroupResult:
    """One course, run, module or learner with its value."""

    group: GroupObject
    answer: MetricValue


@dataclass(frozen=True)
class KpiResult:
    """The values of one KPI that a query asks for."""

    indicator: Indicator
    query: KpiQuery
    series: Sequence[MetricValue]
    current: MetricValue
    previous: MetricValue
    window: MetricValue | None = None
    components: Sequence[MetricValue] = ()
    groups: Sequence[GroupResult] = ()

    @property
    def change(self) -> float | None:
        """Return the current minus the previous value in display units; None if one is missing."""
        if self.current.shown is None or self.previous.shown is None:
            return None
        return round(self.current.shown - self.previous.shown, 4)


def group_sort_key(group: GroupObject) -> tuple[Any, ...]:
    if isinstance(group, Module):
        return (group.course_id, group.position)
    if isinstance(group, CourseRun):
        return (group.course.title, str(group.starts_on or ""), group.key)
    return (str(group),)


@dataclass(frozen=True)
class ValueContext:
    """What turns sums into a value; `data_from` is the first day with data, if known."""

    now: datetime
    data_through: datetime | None
    close_lag: timedelta
    stale_after: timedelta
    data_from: date | None = None

    @classmethod
    def at(
        cls, now: datetime, data_through: datetime | None, data_from: date | None = None
    ) -> ValueContext:
        return cls(
            now, data_through, reporting_clock.close_lag(), reporting_clock.stale_after(), data_from
        )


def metric_value(blank: MetricValue, sums: Sums, context: ValueContext) -> MetricValue:
    """Complete a value without sums: divide, and determine status and interval."""
    value = value_of(blank, sums, context)
    if value is None:
        return replace(blank, status="no_data", sums=sums)
    return replace(
        blank,
        status=status_of(blank.indicator, blank.period, sums, context),
        value=value,
        sums=sums,
        interval=interval_of(blank.indicator, sums),
    )


def value_of(blank: MetricValue, sums: Sums, context: ValueContext) -> float | None:
    """Return total ÷ weight; a total without rows is 0 after the first day with data, else None."""
    if not blank.indicator.is_total or sums.n:
        return blank.indicator.value_of(sums)
    start = context.data_from
    is_known = start is not None and start < blank.period.first
    return 0.0 if is_known and blank.period.has_begun(context.now) else None


def status_of(indicator: Indicator, period: Period, sums: Sums, context: ValueContext) -> str:
    if not period.is_closed(context.now, context.close_lag):
        return "provisional"
    if sums.n < indicator.min_n and not indicator.is_total:
        return "low_n"
    through = context.data_through
    is_stale = through is not None and through < period.whole_end - context.stale_after
    return "stale" if is_stale else "ok"


def interval_of(indicator: Indicator, sums: Sums) -> intervals.Interval | None:
    if indicator.is_total:
        return None
    if indicator.interval is Interval.MEAN:
        return intervals.mean_interval(sums)
    if indicator.interval is Interval.NET:
        return intervals.net_interval(sums)
    value = sums.value
    return None if value is None else intervals.wilson(value, sums.n)


def combine(
    blank: MetricValue, parts: Sequence[tuple[Decimal, MetricValue]], context: ValueContext
) -> MetricValue:
    """Complete a value with the weighted mean of its components.

    Components without data are left out; a suppressed one suppresses the whole. The numerator is
    the weighted sum of the components' values, the denominator the sum of their weights.
    """
    blank = replace(
        blank,
        computed_at=max((one.computed_at for _, one in parts if one.computed_at), default=None),
        restated_at=max((one.restated_at for _, one in parts if one.restated_at), default=None),
    )
    if any(one.status == "suppressed" for _, one in parts):
        return replace(blank, status="suppressed")
    if parts and all(one.status in ("pending", "no_data") for _, one in parts):
        is_pending = any(one.status == "pending" for _, one in parts)
        return replace(blank, status="pending" if is_pending else "no_data")
    known = [(float(weight), one) for weight, one in parts if one.is_shown and weight]
    sums = Sums(
        n=sum(one.sums.n for _, one in known),
        total=sum(weight * (one.value or 0.0) for weight, one in known),
        weight=sum(weight for weight, _ in known),
        learners=max((one.sums.learners for _, one in known), default=0),
    )
    triples = [
        (weight, one.value, one.interval)
        for weight, one in known
        if one.value is not None and one.interval is not None
    ]
    # Without the interval of every component the interval of the mean is unknown.
    is_complete = len(triples) == len(known)
    interval = intervals.weighted_mean_interval(triples) if is_complete else None
    return replace(metric_value(blank, sums, context), interval=interval)
