"""Write the results of an evaluation: alerts opened, updated and closed, each with its event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.evaluation import event_texts
from alerts.evaluation.cases import AlertCase
from alerts.evaluation.state_machine import (
    CLOSED,
    FIRING,
    OK,
    OPENED,
    RECOVERED,
    REOPENED,
    Observation,
    Transition,
)
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.signals import alert_changed

WRITTEN = (
    "state", "severity", "last_period_start", "value", "target", "ci_low", "ci_high", "n",
    "worst_gap", "closed_at", "closed_by", "is_expected", "last_notified_at", "inhibited_by",
    "snoozed_until",
)  # fmt: skip
Kind = AlertEvent.Kind
# KPI, side and course: the open alert of a course holds back those of its modules
CourseKey = tuple[str, str, int | None]


@dataclass
class AlertWriter:
    """Collects the transitions of cases and writes them together.

    `skipped` are cases whose alert another process opened or closed meanwhile.
    """

    now: datetime
    course_alerts: dict[CourseKey, Alert]
    events: list[AlertEvent] = field(default_factory=list)
    created: list[Alert] = field(default_factory=list)
    updated: dict[int, Alert] = field(default_factory=dict)
    earlier: dict[int, list[AlertEvent]] = field(default_factory=lambda: defaultdict(list))
    skipped: list[AlertCase] = field(default_factory=list)

    def add(self, cases: Sequence[AlertCase]) -> None:
        """Apply the cases to their alerts as they are in the database now."""
        due = [case for case in cases if self._is_due(case)]
        ids = [case.alert.pk for case in due if case.alert]
        rows = Alert.objects.select_for_update(of=("self",)).select_related("rule")
        locked = rows.in_bulk(ids) if ids else {}
        self._load_earlier_events(due)
        for case in due:
            alert = locked.get(case.alert.pk) if case.alert else None
            if case.alert and (alert is None or alert.closed_at != case.alert.closed_at):
                self.skipped.append(case)
                continue
            case.alert = alert
            self._apply(case)

    def _is_due(self, case: AlertCase) -> bool:
        if case.is_outdated:
            return False
        if case.alert and not case.steps:
            return True
        return bool(case.transitions(self.now)) or (case.continues and _differs(case))

    def _load_earlier_events(self, cases: Iterable[AlertCase]) -> None:
        """Load the events of alerts that close without a recovery, to explain why."""
        closing = [
            case.alert.pk
            for case in cases
            if case.alert and any(one.kind == CLOSED for one in case.transitions(self.now))
        ]
        if closing:
            for event in AlertEvent.objects.filter(alert__in=closing, period_start__isnull=False):
                self.earlier[event.alert_id].append(event)

    def _apply(self, case: AlertCase) -> None:
        if not case.steps:
            if case.alert:
                self._close_unwatched(case.rule, case.alert)
            return
        due = case.transitions(self.now)
        if not due and case.alert and case.alert.is_open:
            self._restate(case, case.alert)
        for transition in due:
            self._apply_transition(case, transition)
        if case.continues and case.alert:
            _set(case.alert, _figures(case))
            self._keep(case.alert)

    def _close_unwatched(self, rule: AlertRule, alert: Alert) -> None:
        self._close(alert)
        reason = (
            gettext("The rule's scope changed.")
            if rule.is_active
            else gettext("The rule was switched off.")
        )
        self._add_event(alert, Kind.CLOSED, reason, None, notifies=_was_notified(alert))

    def _restate(self, case: AlertCase, alert: Alert) -> None:
        """Record that late data changed the figures of the last period."""
        now = case.steps[-1].observation
        if now.period_start != alert.last_period_start:
            return
        if case.rule.metric == AlertRule.Metric.STALE:
            return
        if reason := event_texts.change_text(case.rule, alert.value, alert.target, now):
            self._add_event(alert, Kind.RESTATED, reason, now, notifies=False)

    def _apply_transition(self, case: AlertCase, transition: Transition) -> None:
        earlier = self.earlier[case.alert.pk] if case.alert and case.alert.pk else []
        reason = event_texts.reason_for(case.rule, transition, case.steps, earlier)
        if transition.kind in (RECOVERED, CLOSED) and case.alert:
            self._close(case.alert)
            _set(case.alert, _figures_of(transition.observation))
            is_fresh_again = case.rule.metric == AlertRule.Metric.STALE
            kind = Kind.RECOVERED if is_fresh_again else Kind(transition.kind)
            notifies = _was_notified(case.alert)
            self._add_event(case.alert, kind, reason, transition.observation, notifies=notifies)
            return
        if transition.kind == OPENED or case.alert is None:
            case.alert = self._open(case, transition)
        self._fire(case, case.alert, transition, reason)

    def _open(self, case: AlertCase, transition: Transition) -> Alert:
        since = case.steps[-1].open_since
        alert = Alert(
            rule=case.rule,
            scope=case.scope.scope,
            scope_id=case.scope.scope_id,
            course_id=case.scope.course_id,
            first_period_start=since or transition.observation.period_start,
            owner_id=case.rule.owner_id,
            opened_at=self.now,
        )
        self.created.append(alert)
        return alert

    def _fire(self, case: AlertCase, alert: Alert, transition: Transition, reason: str) -> None:
        """Open, reopen or worsen an alert; notify unless it is held back or snoozed."""
        if transition.kind == REOPENED:
            alert.closed_at = alert.closed_by = None
            alert.is_expected = False
        alert.severity = case.rule.severity
        alert.worst_gap = max(transition.gap, alert.worst_gap)
        kind = Kind(transition.kind)
        if case.is_of_module and (course_alert := self.course_alerts.get(_course_key(case))):
            alert.inhibited_by = course_alert
            kind = Kind.INHIBITED if kind == Kind.OPENED else kind
            held_back = gettext("Held back because the alert of the course is open.")
            reason = f"{reason} {held_back}"
        notifies = alert.inhibited_by_id is None and alert.snoozed_until is None
        _set(alert, _figures_of(transition.observation))
        alert.state = FIRING
        self._keep(alert)
        self._add_event(alert, kind, reason, transition.observation, notifies=notifies)

    def _close(self, alert: Alert) -> None:
        alert.state, alert.closed_at = OK, self.now
        alert.snoozed_until = None
        self._keep(alert)

    def _keep(self, alert: Alert) -> None:
        if alert.pk:
            self.updated[alert.pk] = alert

    def _add_event(
        self,
        alert: Alert,
        kind: str,
        reason: str,
        observation: Observation | None,
        *,
        notifies: bool,
    ) -> None:
        if notifies and kind not in (Kind.RECOVERED, Kind.CLOSED):
            alert.last_notified_at = self.now
        self.events.append(event_of(alert, kind, self.now, reason, observation, notifies=notifies))

    def write(self) -> None:
        """Write all changes; new alerts come last, after the ones they follow are closed."""
        Alert.objects.bulk_update(self.updated.values(), WRITTEN, batch_size=200)
        Alert.objects.bulk_create(self.created)
        record_events(self.events)


def record_events(events: Sequence[AlertEvent]) -> None:
    """Add events to the history and send alert_changed, in the caller's transaction."""
    AlertEvent.objects.bulk_create(events)
    for event in events:
        alert_changed.send(AlertEvent, event=event)


def event_of(
    alert: Alert,
    kind: str,
    at: datetime,
    reason: str,
    observation: Observation | None,
    *,
    notifies: bool,
) -> AlertEvent:
    event = AlertEvent(alert=alert, kind=kind, at=at, reason=reason, notifies=notifies)
    if observation:
        event.period_start, event.n = observation.period_start, observation.n
        event.value, event.target = observation.value, observation.target
        event.ci_low, event.ci_high = observation.interval or (None, None)
    return event


@transaction.atomic
def write_alerts(cases: Sequence[AlertCase], now: datetime) -> AlertWriter:
    """Write the cases, modules last: an alert of a course holds back those of its modules."""
    writer = AlertWriter(now, {})
    writer.add([case for case in cases if not case.is_of_module])
    writer.write()
    of_modules = [case for case in cases if case.is_of_module]
    module_writer = AlertWriter(now, _open_course_alerts(of_modules))
    module_writer.add(of_modules)
    module_writer.write()
    writer.events += module_writer.events
    writer.skipped += module_writer.skipped
    return writer


def _open_course_alerts(cases: Sequence[AlertCase]) -> dict[CourseKey, Alert]:
    kpis = {case.rule.kpi for case in cases}
    if not kpis:
        return {}
    alerts = Alert.objects.open().filter(scope="course", rule__kpi__in=kpis)
    alerts = alerts.exclude(rule__metric=AlertRule.Metric.STALE).select_related("rule")
    return {(one.rule.kpi, one.rule.side, one.course_id): one for one in alerts}


def _course_key(case: AlertCase) -> CourseKey:
    return case.rule.kpi, case.rule.side, case.scope.course_id


def _was_notified(alert: Alert) -> bool:
    """True if people were notified, so that they also receive the end."""
    return alert.last_notified_at is not None


def _figures(case: AlertCase) -> dict[str, object]:
    """Return the figures of the last step; a closed alert only keeps its last period."""
    last = case.steps[-1]
    if case.alert and not case.alert.is_open:
        return {"last_period_start": last.observation.period_start}
    return {**_figures_of(last.observation), "state": last.state}


def _figures_of(observation: Observation) -> dict[str, object]:
    low, high = observation.interval or (None, None)
    return {
        "last_period_start": observation.period_start,
        "value": observation.value,
        "target": observation.target,
        "ci_low": low,
        "ci_high": high,
        "n": observation.n,
    }


def _differs(case: AlertCase) -> bool:
    return any(getattr(case.alert, name) != value for name, value in _figures(case).items())


def _set(alert: Alert, figures: dict[str, object]) -> None:
    for name, value in figures.items():
        setattr(alert, name, value)
