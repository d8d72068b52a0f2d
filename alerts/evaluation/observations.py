"""Turn KPI values into observations: what a rule evaluates in each period, in the KPI's unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from alerts.evaluation.evaluation_data import EvaluationData
from alerts.evaluation.state_machine import INCONCLUSIVE, NO_DATA, OK, Observation, Policy
from alerts.models import AlertRule
from alerts.scopes import AlertScope
from core import reporting_clock
from kpis.definitions.periods import Period, containing, local_day
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement
from kpis.query import comparisons
from kpis.query.comparisons import Comparison
from kpis.query.results import MetricValue
from kpis.statistics.intervals import Interval
from kpis.statistics.significance import are_significant, discoveries

YEAR = timedelta(days=365)
DAY = timedelta(days=1)
ObservationsByScope = dict[AlertScope, list[Observation]]
Family = tuple[int | None, date]


def policy_of(rule: AlertRule) -> Policy:
    if rule.metric == AlertRule.Metric.STALE:
        return Policy(sign=-1, needs_interval=False, is_graded=False)
    alerts_below = REGISTRY[rule.kpi].higher_is_better == (rule.side == AlertRule.Side.WORSE)
    return Policy(
        sign=1 if alerts_below else -1,
        margin=float(rule.margin),
        needs_interval=rule.mode == AlertRule.Mode.INTERVAL,
        patience=rule.patience,
    )


def closed_periods(
    rules: Iterable[AlertRule], now: datetime, *, earlier: int = 0
) -> dict[str, list[Period]]:
    """Return the closed periods to evaluate, oldest first, by their kind.

    They cover the last twelve months, the patience of the rules, and `earlier` more periods.
    """
    found = {}
    for kind in {rule.period_kind for rule in rules}:
        patience = max(rule.patience for rule in rules if rule.period_kind == kind)
        found[kind] = _closed(kind, now, earlier=patience + 1 + earlier)
    return found


def _closed(kind: str, now: datetime, *, earlier: int) -> list[Period]:
    lag, zone = reporting_clock.close_lag(), reporting_clock.reporting_zone()
    period = containing(local_day(now, zone), kind, zone).previous
    while not period.is_closed(now, lag):
        period = period.previous
    found = [period]
    while found[-1].whole_end + lag > now - YEAR:
        found.append(found[-1].previous)
    for _ in range(earlier - 1):
        found.append(found[-1].previous)
    return found[::-1]


def observe(
    rule: AlertRule, data: EvaluationData, scopes: Sequence[AlertScope]
) -> ObservationsByScope:
    """Return the observations of each scope, oldest first.

    Where a rule watches each course or module, a breach must be significant among all of them.
    """
    if rule.metric == AlertRule.Metric.STALE:
        return {one: [_data_age(rule, data, one)] for one in scopes}
    observations = _changes if rule.metric == AlertRule.Metric.CHANGE else _values
    indicator, policy = REGISTRY[rule.kpi], policy_of(rule)
    if rule.min_n is not None:
        indicator = replace(indicator, min_n=rule.min_n)
    found = {one: observations(data.values(rule, indicator, one), policy) for one in scopes}
    if not policy.needs_interval:
        return found
    return _mark_insignificant(found, policy, discoveries if rule.each else are_significant)


def _values(values: Iterable[MetricValue], policy: Policy) -> list[Observation]:
    lag = reporting_clock.close_lag()
    return [_value(one, policy, lag) for one in values]


def _value(one: MetricValue, policy: Policy, lag: timedelta) -> Observation:
    """Compare a value with its target; the test is of the target less the margin."""
    observation = _observation(one, lag)
    if observation.target is None:
        return observation
    tested = comparisons.with_goal(one, observation.target - policy.sign * policy.margin)
    return replace(observation, p_value=_p_value(tested, policy))


def _observation(one: MetricValue, lag: timedelta) -> Observation:
    target = None if one.target is None else float(one.target.value)
    status = one.status if one.status in INCONCLUSIVE else OK
    return Observation(
        period_start=one.period.first,
        closes_at=one.period.whole_end + lag,
        status=status if target is not None else NO_DATA,
        value=one.shown,
        target=target,
        interval=_shown(one.interval, one),
        n=one.sums.n,
    )


def _changes(values: Sequence[MetricValue], policy: Policy) -> list[Observation]:
    lag = reporting_clock.close_lag()
    return [_change(before, one, policy, lag) for before, one in pairwise(values)]


def _change(before: MetricValue, one: MetricValue, policy: Policy, lag: timedelta) -> Observation:
    """Compare a value with the previous period; the target of a change is 0."""
    then, now = (replace(_observation(value, lag), target=0.0) for value in (before, one))
    inconclusive = next((it for it in (one.status, before.status) if it in INCONCLUSIVE), None)
    if inconclusive or then.value is None or now.value is None:
        return replace(now, status=inconclusive or NO_DATA, value=None, interval=None)
    tested = comparisons.with_earlier(one, before, -policy.sign * policy.margin)
    return replace(
        now,
        status=OK,
        value=round(now.value - then.value, 4),
        interval=_shown(tested.interval if tested else None, one),
        p_value=_p_value(tested, policy),
    )


def _shown(interval: Interval | None, one: MetricValue) -> Interval | None:
    """Return an interval in the KPI's unit."""
    scale = one.indicator.unit.scale
    return (interval[0] * scale, interval[1] * scale) if interval else None


def _p_value(tested: Comparison | None, policy: Policy) -> float | None:
    if tested is None or tested.interval is None:
        return None
    return tested.chances.beyond(policy.sign)


def _data_age(rule: AlertRule, data: EvaluationData, scope: AlertScope) -> Observation:
    """Compare the age of the data in days with the age at which they count as stale."""
    through = data.data_through(REGISTRY[rule.kpi].category, scope.course_id)
    today = local_day(data.now, reporting_clock.reporting_zone())
    if through is None:
        return Observation(today, data.now)
    age = round((data.now - through) / DAY, 2)
    return Observation(today, data.now, OK, age, reporting_clock.stale_after() / DAY)


def _mark_insignificant(
    found: ObservationsByScope, policy: Policy, significant: Callable[[Sequence[float]], list[bool]]
) -> ObservationsByScope:
    """Mark breaches that may be chance, among all scopes compared in the same period."""
    families: dict[Family, list[tuple[AlertScope, float]]] = defaultdict(list)
    for scope, observations in found.items():
        # courses are compared with each other, modules within their course
        group = scope.course_id if scope.scope == Measurement.Scope.MODULE else None
        for one in observations:
            if one.status == OK and one.p_value is not None:
                families[group, one.period_start].append((scope, one.p_value))
    certain = {
        (scope, start)
        for (_, start), members in families.items()
        for (scope, _), is_one in zip(members, significant([p for _, p in members]), strict=True)
        if is_one
    }
    return {
        scope: [
            replace(one, is_significant=False)
            if one.p_value is not None
            and policy.is_breach(one)
            and (scope, one.period_start) not in certain
            else one
            for one in observations
        ]
        for scope, observations in found.items()
    }
