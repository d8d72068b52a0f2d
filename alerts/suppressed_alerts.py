"""Which alerts tell of groups that a reader must not see: the rule of every figure, for alerts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from alerts.evaluation.evaluation_data import AlertScope
from alerts.models import Alert, AlertRule
from core import reporting_clock
from kpis import read_sums
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, has_modules, has_runs
from kpis.disclosure import small_groups
from kpis.query.query_service import KpiQueryService
from kpis.statistics.intervals import Sums


def is_suppressed(desk: KpiQueryService, alert: Alert, days: Collection[date]) -> bool:
    """True when one of the periods that begin on these days is hidden from the desk's reader."""
    if not days or desk.reader.sees_small_groups or alert.rule.metric == AlertRule.Metric.STALE:
        return False
    if not can_be_asked(alert):
        return True
    scope = AlertScope(alert.scope, alert.scope_id, alert.course_id).narrow
    periods = _periods(alert.rule, days)
    keys = REGISTRY[alert.rule.kpi].measured_keys
    return any(
        desk.disclosure.suppression_of(REGISTRY[key]).periods(scope, periods) for key in keys
    )


def leaves_few(
    desk: KpiQueryService, alert: Alert, days: Collection[date], known: Collection[int]
) -> bool:
    """True when few are left of a figure of all courses for who knows those of some of them.

    These courses and the others that the desk's reader is shown are subtracted.
    """
    if not days or alert.rule.metric == AlertRule.Metric.STALE or not can_be_asked(alert):
        return False
    for indicator in (REGISTRY[key] for key in REGISTRY[alert.rule.kpi].measured_keys):
        periods = list(_periods(alert.rule, days))
        found = read_sums.groups(indicator, Scope(), periods, "course", desk.now)
        for period in periods:
            hidden = desk.disclosure.suppression_of(indicator).groups(Scope(), "course", [period])
            left = [found[period][pk].sums for pk in hidden - set(known) if pk in found[period]]
            if small_groups.is_small(Sums(learners=sum(one.learners for one in left))):
                return True
    return False


def can_be_asked(alert: Alert) -> bool:
    """False for a KPI that there is no more, or that no more tells such parts apart."""
    indicator = REGISTRY.get(alert.rule.kpi)
    if indicator is None:
        return False
    told_apart = {"module": has_modules, "run": has_runs}.get(alert.scope)
    return told_apart is None or told_apart(indicator)


def _periods(rule: AlertRule, days: Collection[date]) -> set[Period]:
    """The periods told of; a change tells of the one before as well."""
    told = {containing(day, rule.period_kind, reporting_clock.reporting_zone()) for day in days}
    is_change = rule.metric == AlertRule.Metric.CHANGE
    return told | {one.previous for one in told} if is_change else told
