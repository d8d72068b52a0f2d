"""Where a page opens when its usual periods are empty: at the last data there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Count, Q

from accounts.reader import Reader
from core import reporting_clock
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Indicator
from kpis.models import Measurement
from kpis.query.kpi_query import POINTS_SHOWN, KpiQuery


def last_with_data(indicators: Iterable[Indicator], question: KpiQuery) -> Period | None:
    """The latest of the periods in which most of these KPIs have data; None when none has."""
    keys = {key for indicator in indicators for key in indicator.measured_keys}
    best = (
        Measurement.objects.filter(
            _measured(question.scope), kpi__in=keys, period_kind=question.kind, n__gt=0
        )
        .values("period_start")
        .annotate(kpis=Count("kpi", distinct=True))
        .order_by("-kpis", "-period_start")
        .first()
    )
    return (
        containing(best["period_start"], question.kind, reporting_clock.reporting_zone())
        if best
        else None
    )


def has_any(indicators: Iterable[Indicator], reader: Reader) -> bool:
    """True when one of these KPIs has been measured in what the reader may see."""
    keys = {key for indicator in indicators for key in indicator.measured_keys}
    rows = Measurement.objects.filter(kpi__in=keys, n__gt=0)
    return (
        rows if reader.sees_every_course else rows.filter(course__in=reader.course_ids)
    ).exists()


def _measured(scope: Scope) -> Q:
    if scope.run_id is not None:
        return Q(scope="run", scope_id=scope.run_id)
    if scope.course_ids is not None:
        return Q(scope="course", scope_id__in=scope.course_ids)
    return Q(scope="site")


def ending_at(question: KpiQuery, last: Period) -> KpiQuery:
    """The same question, of as many periods as usual, that end with this one."""
    periods = [last]
    while len(periods) < POINTS_SHOWN[question.kind]:
        periods.append(periods[-1].previous)
    return replace(question, periods=periods[::-1], window=None)
