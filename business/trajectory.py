"""Enrollment, retention and referral of the last months, with a projection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from business.indicators import ENROLLMENT, REFERRAL, RETENTION
from business.projection import Projection, project
from core import reporting_clock
from kpis.definitions.periods import Period, latest
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpis.definitions.units import PERCENT
from kpis.query.query_service import KpiQueryService
from kpis.query.results import MetricValue
from kpis.statistics.intervals import Z95

KEYS = (ENROLLMENT, RETENTION, REFERRAL)
CLOSED_MONTHS = 4


@dataclass(frozen=True)
class Line:
    """One KPI: the last four closed months, the open month, and the projection of the open month.

    `projected` is in the unit of the code, with shares from 0 to 1. It is None if one of the closed
    months shows no value.
    """

    indicator: Indicator
    closed: Sequence[MetricValue]
    open: MetricValue
    projected: Projection | None


def trajectory(query_service: KpiQueryService, scope: Scope) -> list[Line]:
    """The lines, with the values that the reader is allowed to see."""
    months = latest(
        CLOSED_MONTHS + 1, "month", reporting_clock.reporting_zone(), now=query_service.now
    )
    return [_line(REGISTRY[key], query_service, scope, months) for key in KEYS]


def _line(
    indicator: Indicator, query_service: KpiQueryService, scope: Scope, months: Sequence[Period]
) -> Line:
    values = query_service.metric_values(indicator, scope, months)
    *closed, current = (values[month] for month in months)
    return Line(indicator, closed, current, _project(indicator, closed))


def _project(indicator: Indicator, closed: Sequence[MetricValue]) -> Projection | None:
    # a projection must not reveal values that are suppressed for the reader
    values = [one.value for one in closed if one.value is not None]
    if len(values) < len(closed):
        return None
    most = 1.0 if indicator.unit is PERCENT else None
    return project(values, error=_standard_error(closed), most=most)


def _standard_error(closed: Sequence[MetricValue]) -> float:
    """The mean standard error of a month: from its interval or, for a count, √count."""
    errors = [
        (one.interval[1] - one.interval[0]) / (2 * Z95) if one.interval else sqrt(one.value or 0.0)
        for one in closed
    ]
    return sum(errors) / len(errors)
