"""What became of others in the same position: an alert, and nothing was changed after it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from alerts.models import Alert, AlertRule
from core import reporting_clock
from improvement.effects.controls import changed_courses
from improvement.effects.results import FEWEST_NAMED
from kpis.definitions.periods import containing
from kpis.models import Measurement

TWO_YEARS = timedelta(days=730)
SeriesKey = tuple[str, int]
Series = dict[date, tuple[float, float]]


@dataclass(frozen=True)
class Alike:
    """The mean change after so many alerts."""

    number: int = 0
    change: float | None = None


NOBODY = Alike()


def alike(alert: Alert | None, days: int, now: datetime) -> Alike:
    """Return what followed alerts of the same KPI and side in courses without any change.

    The change is that from the period that fired to the mean of the following `days`. Two queries
    and one per KPI; nothing for a KPI that is combined from others.
    """
    if alert is None or alert.rule.metric != AlertRule.Metric.TARGET:
        return NOBODY
    others = _others(alert, days, now)
    if len(others) < FEWEST_NAMED:
        return NOBODY
    series = _series(alert.rule, others)
    changes = [
        change
        for other in others
        if (change := _change(other, series[other.scope, other.scope_id], days)) is not None
    ]
    if len(changes) < FEWEST_NAMED:
        return NOBODY
    return Alike(len(changes), sum(changes) / len(changes))


def _others(alert: Alert, days: int, now: datetime) -> list[Alert]:
    """Return the latest such alert of each other scope, if its days after have passed."""
    start = now - TWO_YEARS
    rows = Alert.objects.select_related("rule").filter(
        scope=alert.scope,
        rule__kpi=alert.rule.kpi,
        rule__side=alert.rule.side,
        rule__metric=AlertRule.Metric.TARGET,
        rule__period_kind=alert.rule.period_kind,
        opened_at__gte=start,
        opened_at__lt=now - timedelta(days=days),
    )
    rows = rows.exclude(scope_id=alert.scope_id).exclude(course__in=changed_courses(start, now))
    return list({one.scope_id: one for one in rows.order_by("opened_at", "pk")}.values())


def _series(rule: AlertRule, others: list[Alert]) -> dict[SeriesKey, Series]:
    scopes = Q(scope=others[0].scope, scope_id__in=[one.scope_id for one in others])
    rows = Measurement.objects.filter(
        scopes,
        kpi=rule.kpi,
        period_kind=rule.period_kind,
        period_start__gte=min(one.first_period_start for one in others),
        weight__gt=0,
    )
    found: dict[SeriesKey, Series] = defaultdict(dict)
    columns = ("scope", "scope_id", "period_start", "total", "weight")
    for scope, scope_id, start, total, weight in rows.values_list(*columns):
        found[scope, scope_id][start] = (total, weight)
    return found


def _change(alert: Alert, series: Series, days: int) -> float | None:
    fired = containing(
        alert.first_period_start, alert.rule.period_kind, reporting_clock.reporting_zone()
    )
    until = fired.after + timedelta(days=days)
    after = [sums for start, sums in series.items() if fired.after <= start < until]
    if fired.first not in series or not after:
        return None
    total, weight = series[fired.first]
    return sum(one for one, _ in after) / sum(one for _, one in after) - total / weight
