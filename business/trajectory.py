"""Where enrolment, retention and referral come from and, as far as can be told, go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from business.indicators import ENROLLMENT, REFERRAL, RETENTION
from business.projection import Projected, project
from core import reporting_clock
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, latest
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import PERCENT
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue
from kpis.statistics.intervals import Z95

KEYS = (ENROLLMENT, RETENTION, REFERRAL)
CLOSED = 4


@dataclass(frozen=True)
class Line:
    """One KPI: the last four months that are over, the open one, and the projection for that.

    `projected` is in the unit of the code, shares from 0 to 1; None where a closed month shows
    nothing.
    """

    indicator: Indicator
    closed: Sequence[MetricValue]
    open: MetricValue
    projected: Projected | None


def trajectory(desk: KpiQueryService, scope: Scope) -> list[Line]:
    """The lines as the desk's reader may see them."""
    months = latest(CLOSED + 1, "month", reporting_clock.reporting_zone(), now=desk.now)
    return [_line(REGISTRY[key], desk, scope, months) for key in KEYS]


def _line(
    indicator: Indicator, desk: KpiQueryService, scope: Scope, months: Sequence[Period]
) -> Line:
    answers = desk.metric_values(indicator, scope, months)
    *closed, current = (answers[month] for month in months)
    return Line(indicator, closed, current, _projected(indicator, closed))


def _projected(indicator: Indicator, closed: Sequence[MetricValue]) -> Projected | None:
    # what a reader is not shown must not shine through
    values = [one.value for one in closed if one.value is not None]
    if len(values) < len(closed):
        return None
    most = 1.0 if indicator.unit is PERCENT else None
    return project(values, error=_error(closed), most=most)


def _error(closed: Sequence[MetricValue]) -> float:
    """The usual standard error of a month: from its interval, of a count √count."""
    errors = [
        (one.interval[1] - one.interval[0]) / (2 * Z95) if one.interval else sqrt(one.value or 0.0)
        for one in closed
    ]
    return sum(errors) / len(errors)
