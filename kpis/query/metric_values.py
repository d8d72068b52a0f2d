"""One answer: a value with all that is needed to trust it, the same in JSON, CSV and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core import reporting_clock
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator, Interval
from kpis.models import Target
from kpis.statistics import intervals
from kpis.statistics.intervals import NOTHING, Sums


@dataclass(frozen=True)
class MetricValue:
    """Shares are 0–1 here; `as_json` shows them in the unit.

    `other_target` is in force, but for a month or for more than the answer is of.
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
        """The value in the unit: 85.0 for 85%."""
        return self.indicator.unit.shown(self.value)

    @property
    def difference(self) -> float | None:
        """Shown value minus target, in the unit; None when one of them is missing."""
        if self.shown is None or self.target is None:
            return None
        return round(self.shown - float(self.target.value), 4)

    @property
    def is_few(self) -> bool:
        """True when there is a value, but of too few observations to say whether it is good."""
        indicator = self.indicator
        return self.is_shown and not indicator.is_total and self.sums.n < indicator.min_n

    @property
    def meets_target(self) -> bool | None:
        """None when there is nothing to compare, or too little to judge."""
        if self.difference is None or self.is_few:
            return None
        return self.difference >= 0 if self.indicator.higher_is_better else self.difference <= 0

    @property
    def numerator(self) -> float | None:
        """What was summed; of a total, the value itself."""
        return self.shown if self.indicator.is_total else _without_dust(self.sums.total)

    @property
    def denominator(self) -> float | None:
        return None if self.indicator.is_total else _without_dust(self.sums.weight)

    def as_json(self) -> dict[str, Any]:
        low, high = self.interval or (None, None)
        unit = self.indicator.unit
        return {
            "value": self.shown,
            "numerator": self.numerator if self.is_shown else None,
            "denominator": self.denominator if self.is_shown else None,
            "n": self.sums.n if self.status != "suppressed" else None,
            "ci_low": unit.shown(low),
            "ci_high": unit.shown(high),
            "status": self.status,
            "unit": unit.key,
            "period_start": self.period.start,
            "period_end": self.period.whole_end,
            "tz": self.period.zone.key,
            "definition_version": self.indicator.version,
            "target": None if self.target is None else float(self.target.value),
            "target_version": None if self.target is None else self.target.version,
            "computed_at": self.computed_at,
            "data_through": self.data_through,
            "restated_at": self.restated_at,
        }


def _without_dust(total: float) -> float:
    """Without what adding up fractions leaves in the last places."""
    return round(total, 6)


@dataclass(frozen=True)
class ValueContext:
    """What an answer needs besides the sums; `data_from` is the first day with any, if known."""

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
    """Fill a blank answer: divide, last of all, and say how far the result can be trusted."""
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
    """Total ÷ weight; of a KPI that is a total the total, which is 0 only after the first data."""
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
    """Fill a blank answer with the weighted mean of components.

    One without data drops out, one suppressed hides all. The numerator is the weighted sum of
    the components' values, the denominator the sum of their weights.
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
    there = [(float(weight), one) for weight, one in parts if one.is_shown and weight]
    sums = Sums(
        n=sum(one.sums.n for _, one in there),
        total=sum(weight * (one.value or 0.0) for weight, one in there),
        weight=sum(weight for weight, _ in there),
        learners=max((one.sums.learners for _, one in there), default=0),
    )
    return replace(metric_value(blank, sums, context), interval=_spread(there))


def _spread(parts: Sequence[tuple[float, MetricValue]]) -> intervals.Interval | None:
    """The interval of the mean; None where a component has none."""
    known = [
        (weight, one.value, one.interval)
        for weight, one in parts
        if one.value is not None and one.interval is not None
    ]
    return intervals.weighted_mean_interval(known) if len(known) == len(parts) else None
