"""The periods that an alert selected: without their values there would have been no change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import sqrt

from scipy.special import ndtri

from alerts.evaluation.evaluation_data import EvaluationData
from alerts.evaluation.observations import policy_of
from alerts.evaluation.state_machine import INCONCLUSIVE
from alerts.models import Alert, AlertRule
from alerts.scopes import AlertScope
from core import reporting_clock
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.query.comparisons import with_goal
from kpis.query.results import MetricValue
from kpis.statistics.alert_bounds import bound_of, step_of
from kpis.statistics.effects import Selected, variance_of
from kpis.statistics.estimates import AnyEstimate
from kpis.statistics.significance import FALSE_DISCOVERIES, ONE_SIDED

# how many periods before the alert's first one are searched for the others of its patience
EARLIER = 6
# A value that late data moved to the other side of its bound counts as barely beyond it.
LEAST_GAP = 0.05


@dataclass(frozen=True)
class FiredPeriod:
    """A period that an alert needed: its value lies beyond `bound`; shares are 0–1.

    Whole counts have values in steps; the bound is then the last one that the alert could have.
    """

    period: Period
    estimate: AnyEstimate
    bound: float
    step: float = 0.0

    def selected(self, shared: float, between: float) -> Selected:
        """Return it with the share of the weight of the window before that it contains.

        `between` is how far, from 0 to 1, the bound is on the way to the next step.
        """
        return Selected(self.estimate, self.bound + between * self.step, shared)


@dataclass(frozen=True)
class Selection:
    """What an alert selected; `sign` is 1 if it fired below its target, and -1 if above."""

    periods: Sequence[FiredPeriod] = ()
    sign: int = 1

    @property
    def since(self) -> date | None:
        return min((one.period.first for one in self.periods), default=None)


NOT_SELECTED = Selection()


def selection_of(alert: Alert | None, kpi: str, decided_at: datetime, now: datetime) -> Selection:
    """Return the periods that opened the alert, and those in which it stayed open until decided.

    An alert about another KPI or about stale data selects nothing.
    """
    if alert is None or alert.rule.kpi != kpi or alert.rule.metric == AlertRule.Metric.STALE:
        return NOT_SELECTED
    return _Reading(alert, decided_at, now).selection()


class _Reading:
    def __init__(self, alert: Alert, decided_at: datetime, now: datetime) -> None:
        self.alert, self.rule = alert, alert.rule
        self.policy = policy_of(alert.rule)
        self.indicator = _indicator_of(alert.rule)
        zone, kind = reporting_clock.reporting_zone(), self.rule.period_kind
        first = containing(alert.first_period_start, kind, zone)
        self.opening, self.later = [first], []
        is_change = self.rule.metric == AlertRule.Metric.CHANGE
        for _ in range((self.rule.patience - 1) * EARLIER + is_change):
            self.opening.insert(0, self.opening[0].previous)
        period, lag = first.next, reporting_clock.close_lag()
        while period.is_closed(decided_at, lag):
            self.later.append(period)
            period = period.next
        self.scope = AlertScope(alert.scope, alert.scope_id, alert.course_id)
        self.data = EvaluationData([self.rule], {kind: [*self.opening, *self.later]}, now)

    def selection(self) -> Selection:
        values = self.data.values(self.rule, self.indicator, self.scope)
        opening, later = values[: len(self.opening)], values[len(self.opening) :]
        conclusive = [one for one in opening if one.status not in INCONCLUSIVE]
        fired = [self._fired(one) for one in conclusive[-self.rule.patience :]]
        open_ = [self._still_open(one) for one in later if one.status not in INCONCLUSIVE]
        return Selection([one for one in (*fired, *open_) if one], self.policy.sign)

    def _fired(self, one: MetricValue) -> FiredPeriod | None:
        """Return a period that met the rule's condition."""
        significance = self._significance(one) if self.policy.needs_interval else None
        return self._beyond(one, -self.policy.margin, significance)

    def _still_open(self, one: MetricValue) -> FiredPeriod | None:
        """Return a period in which the alert would have closed with a value past its target."""
        return self._beyond(one, self.policy.margin, None)

    def _beyond(
        self, one: MetricValue, margin: float, significance: float | None
    ) -> FiredPeriod | None:
        if one.estimate is None:
            return None
        bound = self._bound(one, one.estimate, margin, significance)
        if bound is None:
            return None
        sign = self.policy.sign
        step = sign * (step_of(one.estimate) or 0.0)
        if not step and sign * (bound - one.estimate.value) <= 0:
            bound = one.estimate.value + sign * LEAST_GAP * sqrt(variance_of(one.estimate))
        return FiredPeriod(one.period, one.estimate, bound, step)

    def _bound(
        self, one: MetricValue, estimate: AnyEstimate, margin: float, significance: float | None
    ) -> float | None:
        sign, scale = self.policy.sign, one.indicator.unit.scale
        if self.rule.metric == AlertRule.Metric.CHANGE:
            return self._bound_of_change(one, estimate, sign * margin / scale, significance)
        goal = _goal(one, sign * margin)
        if goal is None:
            return None
        return bound_of(estimate, goal, sign, significance=significance, between=0.0)

    def _bound_of_change(
        self, one: MetricValue, estimate: AnyEstimate, shift: float, significance: float | None
    ) -> float | None:
        """Return the bound, given the value of the period before."""
        values = self.data.values(self.rule, self.indicator, self.scope)
        first = one.period.previous.first
        before = next((it.estimate for it in values if it.period.first == first), None)
        if before is None:
            return None
        deviation = sqrt(variance_of(estimate) + variance_of(before))
        distance = -float(ndtri(significance)) * deviation if significance else 0.0
        return before.value + shift - self.policy.sign * distance

    def _significance(self, one: MetricValue) -> float:
        """Return the largest p-value that fires: smaller where many scopes are compared.

        By the procedure of Benjamini and Hochberg, given the p-values of the others.
        """
        if not self.rule.each:
            return ONE_SIDED
        if self.rule.metric == AlertRule.Metric.CHANGE:
            return FALSE_DISCOVERIES / len(self.data.scopes(self.rule))
        others = sorted(self._p_values_beside(one))
        total = len(others) + 1
        found = [
            rank for rank, p in enumerate(others, start=2) if p <= FALSE_DISCOVERIES * rank / total
        ]
        return FALSE_DISCOVERIES * max(found, default=1) / total

    def _p_values_beside(self, one: MetricValue) -> list[float]:
        found = []
        at = [*self.opening, *self.later].index(one.period)
        for scope in self.data.scopes(self.rule):
            is_compared = scope != self.scope and (
                self.rule.each != AlertRule.Each.MODULE or scope.course_id == self.scope.course_id
            )
            if not is_compared:
                continue
            other = self.data.values(self.rule, self.indicator, scope)[at]
            goal = _goal(other, -self.policy.sign * self.policy.margin)
            if other.status in INCONCLUSIVE or goal is None:
                continue
            tested = with_goal(other, goal * other.indicator.unit.scale)
            if tested is not None:
                found.append(tested.chances.beyond(self.policy.sign))
        return found


def _goal(one: MetricValue, shift: float) -> float | None:
    """Return the target, moved in the KPI's unit, in the unit of the code."""
    return (
        None if one.target is None else (float(one.target.value) + shift) / one.indicator.unit.scale
    )


def _indicator_of(rule: AlertRule) -> Indicator:
    indicator = REGISTRY[rule.kpi]
    return indicator if rule.min_n is None else replace(indicator, min_n=rule.min_n)
