"""Cases: each rule in each of its scopes, with its track and the alert that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from alerts.evaluation.evaluation_data import NOWHERE_LESS, AlertScope, EvaluationData, Within
from alerts.evaluation.observations import (
    TrackedPeriods,
    closed_periods,
    observations_of,
    policy_of,
)
from alerts.evaluation.state_machine import FIRING, STALE, Policy, Step, track
from alerts.evaluation.transitions import AlertSnapshot, Transition, transitions
from alerts.models import Alert, AlertRule
from kpis.definitions.periods import Period
from kpis.models import Measurement

ScopeKey = tuple[int, str, int]


@dataclass
class AlertCase:
    """A rule in one scope; without steps, the rule has nothing more to say of it."""

    rule: AlertRule
    subject: AlertScope
    policy: Policy
    steps: Sequence[Step] = ()
    alert: Alert | None = None

    @property
    def place(self) -> ScopeKey:
        return self.rule.pk, self.subject.scope, self.subject.scope_id

    @property
    def cooldown(self) -> timedelta:
        return timedelta(days=self.rule.cooldown_days)

    @property
    def is_of_module(self) -> bool:
        return self.subject.scope == Measurement.Scope.MODULE

    def moves(self, now: datetime) -> list[Transition]:
        return transitions(self.steps, snapshot_of(self.alert), self.policy, now, self.cooldown)

    def look_again(self, now: datetime) -> datetime | None:
        """When time alone may change what is said; None when it cannot."""
        if not self.steps:
            return None
        last, memory = self.steps[-1], snapshot_of(self.alert)
        if last.state == STALE:
            return now + timedelta(hours=1)
        if last.state == FIRING and memory and memory.is_cooling(now, self.cooldown):
            return None if memory.is_open else memory.cools_until(self.cooldown)
        return None

    @property
    def is_past(self) -> bool:
        """True when somebody has judged the scope at a later moment than these steps tell of."""
        if self.alert is None or not self.steps:
            return False
        return self.steps[-1].reading.first < self.alert.last_period_start

    @property
    def goes_on(self) -> bool:
        """True while the stretch lasts that the alert tells of, closed as expected or not."""
        if self.alert is None or not self.steps:
            return False
        last, alert = self.steps[-1], self.alert
        if alert.is_open:
            return True
        return (
            alert.is_expected and last.since is not None and last.since <= alert.last_period_start
        )


def snapshot_of(alert: Alert | None) -> AlertSnapshot | None:
    if alert is None:
        return None
    return AlertSnapshot(
        first=alert.first_period_start,
        last=alert.last_period_start,
        is_open=alert.is_open,
        is_expected=alert.is_expected,
        told_at=alert.last_notified_at,
        told_gap=alert.worst_gap,
    )


def cases_of(
    rules: Sequence[AlertRule], now: datetime, *, within: Within = NOWHERE_LESS
) -> list[AlertCase]:
    """The cases of these rules, and those of alerts whose scope a rule has left."""
    watching = [rule for rule in rules if rule.is_active]
    periods = closed_periods(watching, now)
    latest = {
        place: alert
        for place, alert in _latest_alerts(rules, periods).items()
        if alert.rule_id not in within or alert.course_id in within[alert.rule_id]
    }
    evidence = EvaluationData(watching, periods, now, within=within)
    found = [case for rule in watching for case in _of_rule(rule, evidence, latest)]
    known = {case.place for case in found}
    left = [alert for place, alert in latest.items() if alert.is_open and place not in known]
    by_id = {rule.pk: rule for rule in rules}
    return [*found, *(_left(by_id[alert.rule_id], alert) for alert in left)]


def _of_rule(
    rule: AlertRule, evidence: EvaluationData, latest: Mapping[ScopeKey, Alert]
) -> list[AlertCase]:
    subjects = dict.fromkeys(evidence.subjects(rule))
    if rule.each:
        subjects |= dict.fromkeys(_alerted(rule, latest))
    tracked = observations_of(rule, evidence, list(subjects))
    return cases(rule, tracked, latest)


def cases(
    rule: AlertRule, tracked: TrackedPeriods, latest: Mapping[ScopeKey, Alert]
) -> list[AlertCase]:
    found = []
    policy = policy_of(rule)
    for subject, readings in tracked.items():
        alert = latest.get((rule.pk, subject.scope, subject.scope_id))
        since = _open_since(alert, readings[0].first)
        steps = track(readings, policy, open_since=since)
        found.append(AlertCase(rule, subject, policy, steps, alert))
    return found


def _open_since(alert: Alert | None, start: date) -> date | None:
    """Where the stretch began that the readings start within; None when they do not."""
    if alert is None or alert.first_period_start >= start:
        return None
    is_going_on = alert.is_open or (alert.is_expected and alert.last_period_start >= start)
    return alert.first_period_start if is_going_on else None


def _alerted(rule: AlertRule, latest: Mapping[ScopeKey, Alert]) -> list[AlertScope]:
    """Where an alert is open though there are no measurements any more."""
    return [
        AlertScope(alert.scope, alert.scope_id, alert.course_id)
        for alert in latest.values()
        if alert.rule_id == rule.pk
        and alert.is_open
        and alert.scope == rule.scope
        and rule.course_id in (None, alert.course_id)
    ]


def _left(rule: AlertRule, alert: Alert) -> AlertCase:
    subject = AlertScope(alert.scope, alert.scope_id, alert.course_id)
    return AlertCase(rule, subject, policy_of(rule), (), alert)


def _latest_alerts(
    rules: Iterable[AlertRule], periods: Mapping[str, Sequence[Period]]
) -> dict[ScopeKey, Alert]:
    """The open alert of each rule and scope, else the last one that the periods reach back to."""
    start = min((there[0].first for there in periods.values()), default=date.max)
    rows = Alert.objects.filter(Q(closed_at=None) | Q(last_period_start__gte=start))
    rows = rows.filter(rule__in=[rule.pk for rule in rules]).order_by("opened_at", "pk")
    found: dict[ScopeKey, Alert] = {}
    for alert in sorted(rows, key=lambda one: one.is_open):
        found[alert.rule_id, alert.scope, alert.scope_id] = alert
    return found
