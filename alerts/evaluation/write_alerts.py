"""Write what the judge found: alerts opened, moved and closed, each with its event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from alerts.evaluation import event_texts
from alerts.evaluation.cases import AlertCase
from alerts.evaluation.state_machine import FIRING, OK, Observation
from alerts.evaluation.transitions import CLOSED, OPENED, RECOVERED, REOPENED, Transition
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.signals import alert_changed

WRITTEN = (
    "state", "severity", "last_period_start", "value", "target", "ci_low", "ci_high", "n",
    "worst_gap", "closed_at", "closed_by", "is_expected", "last_notified_at", "inhibited_by",
    "snoozed_until",
)  # fmt: skip
Kind = AlertEvent.Kind
# KPI, side and course: whose alert holds back those of the course's modules
Hold = tuple[str, str, int | None]


@dataclass
class AlertWriter:
    """Writes the moves of some cases in one go; `skipped` are those that somebody else moved."""

    now: datetime
    holds: dict[Hold, Alert]
    events: list[AlertEvent] = field(default_factory=list)
    made: list[Alert] = field(default_factory=list)
    changed: dict[int, Alert] = field(default_factory=dict)
    told: dict[int, list[AlertEvent]] = field(default_factory=lambda: defaultdict(list))
    skipped: list[AlertCase] = field(default_factory=list)

    def take(self, cases: Sequence[AlertCase]) -> None:
        """Take in what the cases say of the alerts as they stand in the database now."""
        due = [case for case in cases if self._is_due(case)]
        locked = self._locked(due)
        self._recall(due)
        for case in due:
            alert = locked.get(case.alert.pk) if case.alert else None
            if case.alert and not _is_as_read(case.alert, alert):
                self.skipped.append(case)
                continue
            case.alert = alert
            self._settle(case)

    def _is_due(self, case: AlertCase) -> bool:
        if case.is_past:
            return False
        if case.alert and not case.steps:
            return True
        return bool(case.moves(self.now)) or (case.goes_on and _differs(case))

    def _locked(self, cases: Iterable[AlertCase]) -> dict[int, Alert]:
        ids = [case.alert.pk for case in cases if case.alert]
        rows = Alert.objects.select_for_update(of=("self",)).select_related("rule")
        return rows.in_bulk(ids) if ids else {}

    def _recall(self, cases: Iterable[AlertCase]) -> None:
        """Read what was told of alerts that are to be closed without having recovered."""
        closing = [
            case.alert.pk
            for case in cases
            if case.alert and any(move.kind == CLOSED for move in case.moves(self.now))
        ]
        if closing:
            for event in AlertEvent.objects.filter(alert__in=closing, period_start__isnull=False):
                self.told[event.alert_id].append(event)

    def _settle(self, case: AlertCase) -> None:
        if not case.steps:
            self._leave(case)
            return
        made = case.moves(self.now)
        if not made and case.alert and case.alert.is_open:
            self._restate(case, case.alert)
        for move in made:
            self._move(case, move)
        if case.goes_on and case.alert:
            _set(case.alert, _figures(case))
            self._keep(case.alert)

    def _leave(self, case: AlertCase) -> None:
        """Close the alert of a rule that was switched off or watches something else now."""
        if case.alert is None:
            return
        off = "The rule is switched off." if not case.rule.is_active else ""
        self._close(case.alert)
        why = off or "The rule watches something else now."
        self._tell(case.alert, Kind.CLOSED, why, None, is_told=_was_told(case.alert))

    def _restate(self, case: AlertCase, alert: Alert) -> None:
        reading = case.steps[-1].reading
        if reading.first != alert.last_period_start or case.rule.metric == AlertRule.Metric.STALE:
            return
        if why := event_texts.changed(case.rule, alert.value, alert.target, reading):
            self._tell(alert, Kind.RESTATED, why, reading, is_told=False)

    def _move(self, case: AlertCase, move: Transition) -> None:
        told = self.told[case.alert.pk] if case.alert and case.alert.pk else []
        why = event_texts.reason_of(case.rule, move, list(case.steps), told)
        if move.kind in (RECOVERED, CLOSED) and case.alert:
            self._close(case.alert)
            _set(case.alert, _figures_of(move.reading))
            is_stale_over = case.rule.metric == AlertRule.Metric.STALE
            kind = Kind.RECOVERED if is_stale_over else Kind(move.kind)
            self._tell(case.alert, kind, why, move.reading, is_told=_was_told(case.alert))
            return
        if move.kind == OPENED or case.alert is None:
            case.alert = self._open(case, move)
        self._fire(case, case.alert, move, why)

    def _open(self, case: AlertCase, move: Transition) -> Alert:
        subject, since = case.subject, case.steps[-1].since
        alert = Alert(
            rule=case.rule,
            scope=subject.scope,
            scope_id=subject.scope_id,
            course_id=subject.course_id,
            first_period_start=since or move.reading.first,
            owner_id=case.rule.owner_id,
            opened_at=self.now,
        )
        self.made.append(alert)
        return alert

    def _fire(self, case: AlertCase, alert: Alert, move: Transition, why: str) -> None:
        """Open, open again or worsen the alert, told unless it is held back or snoozed."""
        if move.kind == REOPENED:
            alert.closed_at = alert.closed_by = None
            alert.is_expected = False
        alert.severity = case.rule.severity
        alert.worst_gap = max(move.gap, alert.worst_gap)
        kind = Kind(move.kind)
        if case.is_of_module and (hold := self.holds.get(_hold_of(case))):
            alert.inhibited_by = hold
            kind = Kind.INHIBITED if kind == Kind.OPENED else kind
            why = f"{why} The course's own alert is open."
        is_told = alert.inhibited_by_id is None and alert.snoozed_until is None
        _set(alert, _figures_of(move.reading))
        alert.state = FIRING
        self._keep(alert)
        self._tell(alert, kind, why, move.reading, is_told=is_told)

    def _close(self, alert: Alert) -> None:
        alert.state, alert.closed_at = OK, self.now
        alert.snoozed_until = None
        self._keep(alert)

    def _keep(self, alert: Alert) -> None:
        if alert.pk:
            self.changed[alert.pk] = alert

    def _tell(
        self, alert: Alert, kind: str, why: str, reading: Observation | None, *, is_told: bool
    ) -> None:
        if is_told and kind not in (Kind.RECOVERED, Kind.CLOSED):
            alert.last_notified_at = self.now
        self.events.append(event_of(alert, kind, self.now, why, reading, is_told=is_told))

    def write(self) -> None:
        """Write all of it; what opens comes last, so that what it follows is closed."""
        Alert.objects.bulk_update(self.changed.values(), WRITTEN, batch_size=200)
        Alert.objects.bulk_create(self.made)
        record_event(self.events)


def record_event(events: Sequence[AlertEvent]) -> None:
    """Add events to the history and let others know, all in the caller's transaction."""
    AlertEvent.objects.bulk_create(events)
    for event in events:
        alert_changed.send(AlertEvent, event=event)


def event_of(
    alert: Alert, kind: str, at: datetime, why: str, reading: Observation | None, *, is_told: bool
) -> AlertEvent:
    event = AlertEvent(alert=alert, kind=kind, at=at, why=why, is_told=is_told)
    if reading:
        event.period_start, event.n = reading.first, reading.n
        event.value, event.target = reading.value, reading.target
        event.ci_low, event.ci_high = reading.interval or (None, None)
    return event


@transaction.atomic
def write_alerts(cases: Sequence[AlertCase], now: datetime) -> AlertWriter:
    """Write what the cases say: first of all but modules, for what opens there holds these back."""
    whole = AlertWriter(now, {})
    whole.take([case for case in cases if not case.is_of_module])
    whole.write()
    parts = [case for case in cases if case.is_of_module]
    modules = AlertWriter(now, _holds(parts))
    modules.take(parts)
    modules.write()
    whole.events += modules.events
    whole.skipped += modules.skipped
    return whole


def _holds(cases: Sequence[AlertCase]) -> dict[Hold, Alert]:
    kpis = {case.rule.kpi for case in cases}
    if not kpis:
        return {}
    open_ones = Alert.objects.open().filter(scope="course", rule__kpi__in=kpis)
    open_ones = open_ones.exclude(rule__metric=AlertRule.Metric.STALE).select_related("rule")
    return {(one.rule.kpi, one.rule.side, one.course_id): one for one in open_ones}


def _hold_of(case: AlertCase) -> Hold:
    return case.rule.kpi, case.rule.side, case.subject.course_id


def _is_as_read(read: Alert, now: Alert | None) -> bool:
    return now is not None and now.closed_at == read.closed_at


def _was_told(alert: Alert) -> bool:
    """A recovery goes only where the alert went."""
    return alert.last_notified_at is not None


def _figures(case: AlertCase) -> dict[str, object]:
    """What of the alert follows from the last step; of a closed one only how far it was judged."""
    last = case.steps[-1]
    if case.alert and not case.alert.is_open:
        return {"last_period_start": last.reading.first}
    return {**_figures_of(last.reading), "state": last.state}


def _figures_of(reading: Observation) -> dict[str, object]:
    low, high = reading.interval or (None, None)
    return {
        "last_period_start": reading.first,
        "value": reading.value,
        "target": reading.target,
        "ci_low": low,
        "ci_high": high,
        "n": reading.n,
    }


def _differs(case: AlertCase) -> bool:
    return any(getattr(case.alert, name) != value for name, value in _figures(case).items())


def _set(alert: Alert, figures: dict[str, object]) -> None:
    for name, value in figures.items():
        setattr(alert, name, value)
