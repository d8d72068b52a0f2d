"""Decide whether an alert's figures must be hidden from a reader, as figures on pages are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from alerts.models import Alert, AlertRule
from alerts.scopes import AlertScope
from core import reporting_clock
from kpis import read_sums
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.disclosure import small_groups
from kpis.query.query_service import KpiQueryService
from kpis.statistics.intervals import Sums


def is_suppressed(service: KpiQueryService, alert: Alert, days: Collection[date]) -> bool:
    """True if the reader must not see one of the periods that start on these days."""
    if not days or service.reader.sees_small_groups or alert.rule.metric == AlertRule.Metric.STALE:
        return False
    if not can_be_queried(alert):
        return True
    scope = AlertScope(alert.scope, alert.scope_id, alert.course_id).kpi_scope
    periods = _periods(alert.rule, days)
    keys = REGISTRY[alert.rule.kpi].measured_keys
    return any(
        service.disclosure.suppression_of(REGISTRY[key], scope).periods(scope, periods)
        for key in keys
    )


def leaves_small_remainder(
    service: KpiQueryService, alert: Alert, days: Collection[date], known: Collection[int]
) -> bool:
    """True if the figure of all courses would reveal a small group by subtraction.

    Whoever knows the `known` courses, and those shown to every reader, can subtract them.
    """
    if not days or alert.rule.metric == AlertRule.Metric.STALE or not can_be_queried(alert):
        return False
    for indicator in (REGISTRY[key] for key in REGISTRY[alert.rule.kpi].measured_keys):
        periods = list(_periods(alert.rule, days))
        found = read_sums.groups(indicator, Scope(), periods, "course", service.now)
        for period in periods:
            suppression = service.disclosure.suppression_of(indicator, Scope())
            hidden = suppression.groups(Scope(), "course", [period])
            left = [found[period][pk].sums for pk in hidden - set(known) if pk in found[period]]
            if small_groups.is_small(Sums(learners=sum(one.learners for one in left))):
                return True
    return False


def can_be_queried(alert: Alert) -> bool:
    """False for a KPI that no longer exists, or no longer has values by run or module."""
    indicator = REGISTRY.get(alert.rule.kpi)
    if indicator is None:
        return False
    is_available = {"module": indicator.has_modules, "run": indicator.has_runs}
    return is_available.get(alert.scope, True)


def _periods(rule: AlertRule, days: Collection[date]) -> set[Period]:
    """Return the periods that start on these days; a change also reveals the one before."""
    zone = reporting_clock.reporting_zone()
    periods = {containing(day, rule.period_kind, zone) for day in days}
    is_change = rule.metric == AlertRule.Metric.CHANGE
    return periods | {one.previous for one in periods} if is_change else periods
