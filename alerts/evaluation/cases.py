"""Evaluation cases: each rule in each of its scopes, with its steps and its latest alert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from alerts.evaluation.evaluation_data import EVERY_COURSE, CourseFilter, EvaluationData
from alerts.evaluation.observations import (
    ObservationsByScope,
    closed_periods,
    observe,
    policy_of,
)
from alerts.evaluation.state_machine import (
    FIRING,
    STALE,
    AlertSnapshot,
    Policy,
    Step,
    Transition,
    run_steps,
    transitions,
)
from alerts.models import Alert, AlertRule
from alerts.scopes import AlertScope
from kpis.definitions.periods import Period
from kpis.models import Measurement

CaseKey = tuple[int, str, int]


@dataclass
class AlertCase:
    """A rule in one scope. Without steps, the rule no longer watches the scope."""

    rule: AlertRule
    scope: AlertScope
    policy: Policy
    steps: Sequence[Step] = ()
    alert: Alert | None = None

    @property
    def key(self) -> CaseKey:
        return self.rule.pk, self.scope.scope, self.scope.scope_id

    @property
    def cooldown(self) -> timedelta:
        return timedelta(days=self.rule.cooldown_days)

    @property
    def is_of_module(self) -> bool:
        return self.scope.scope == Measurement.Scope.MODULE

    @property
    def snapshot(self) -> AlertSnapshot | None:
        if self.alert is None:
            return None
        return AlertSnapshot(
            first_period=self.alert.first_period_start,
            last_period=self.alert.last_period_start,
            is_open=self.alert.is_open,
            is_expected=self.alert.is_expected,
            notified_at=self.alert.last_notified_at,
            worst_gap=self.alert.worst_gap,
        )

    def transitions(self, now: datetime) -> list[Transition]:
        return transitions(self.steps, self.snapshot, self.policy, now, self.cooldown)

    def reevaluate_at(self, now: datetime) -> datetime | None:
        """Return when the result may change without new data; None if it cannot."""
        if not self.steps:
            return None
        last, alert = self.steps[-1], self.snapshot
        if last.state == STALE:
            return now + timedelta(hours=1)
        if last.state == FIRING and alert and alert.is_cooling_down(now, self.cooldown):
            return None if alert.is_open else alert.cooldown_end(self.cooldown)
        return None

    @property
    def is_outdated(self) -> bool:
        """True if the alert was already evaluated for a later period than these steps reach."""
        if self.alert is None or not self.steps:
            return False
        return self.steps[-1].observation.period_start < self.alert.last_period_start

    @property
    def continues(self) -> bool:
        """True while the alert's condition lasts, even after it was closed as expected."""
        if self.alert is None or not self.steps:
            return False
        since, alert = self.steps[-1].open_since, self.alert
        if alert.is_open:
            return True
        return alert.is_expected and since is not None and since <= alert.last_period_start


def load_cases(
    rules: Sequence[AlertRule], now: datetime, *, courses: CourseFilter = EVERY_COURSE
) -> list[AlertCase]:
    """Return the cases of these rules, and of open alerts in scopes they no longer watch."""
    active = [rule for rule in rules if rule.is_active]
    periods = closed_periods(active, now)
    latest = {
        key: alert
        for key, alert in _latest_alerts(rules, periods).items()
        if alert.rule_id not in courses or alert.course_id in courses[alert.rule_id]
    }
    data = EvaluationData(active, periods, now, courses=courses)
    found = [case for rule in active for case in _cases_of(rule, data, latest)]
    known = {case.key for case in found}
    by_id = {rule.pk: rule for rule in rules}
    for key, alert in latest.items():
        if alert.is_open and key not in known:
            rule = by_id[alert.rule_id]
            found.append(AlertCase(rule, _scope_of(alert), policy_of(rule), (), alert))
    return found


def _cases_of(
    rule: AlertRule, data: EvaluationData, latest: Mapping[CaseKey, Alert]
) -> list[AlertCase]:
    scopes = dict.fromkeys(data.scopes(rule))
    if rule.each:
        # an open alert is evaluated even if its measurements are gone
        scopes |= dict.fromkeys(
            _scope_of(alert)
            for alert in latest.values()
            if alert.rule_id == rule.pk
            and alert.is_open
            and alert.scope == rule.scope
            and rule.course_id in (None, alert.course_id)
        )
    return build_cases(rule, observe(rule, data, list(scopes)), latest)


def build_cases(
    rule: AlertRule, observations: ObservationsByScope, latest: Mapping[CaseKey, Alert]
) -> list[AlertCase]:
    found = []
    policy = policy_of(rule)
    for scope, of_scope in observations.items():
        alert = latest.get((rule.pk, scope.scope, scope.scope_id))
        since = _open_since(alert, of_scope[0].period_start)
        steps = run_steps(of_scope, policy, open_since=since)
        found.append(AlertCase(rule, scope, policy, steps, alert))
    return found


def _open_since(alert: Alert | None, start: date) -> date | None:
    """Return the first period of an alert that was open before the observations start."""
    if alert is None or alert.first_period_start >= start:
        return None
    continues = alert.is_open or (alert.is_expected and alert.last_period_start >= start)
    return alert.first_period_start if continues else None


def _scope_of(alert: Alert) -> AlertScope:
    return AlertScope(alert.scope, alert.scope_id, alert.course_id)


def _latest_alerts(
    rules: Iterable[AlertRule], periods: Mapping[str, Sequence[Period]]
) -> dict[CaseKey, Alert]:
    """Return the open alert of each rule and scope, else the latest one within the periods."""
    start = min((of_kind[0].first for of_kind in periods.values()), default=date.max)
    rows = Alert.objects.filter(Q(closed_at=None) | Q(last_period_start__gte=start))
    rows = rows.filter(rule__in=[rule.pk for rule in rules]).order_by("opened_at", "pk")
    found: dict[CaseKey, Alert] = {}
    for alert in sorted(rows, key=lambda one: one.is_open):
        found[alert.rule_id, alert.scope, alert.scope_id] = alert
    return found
