"""Evaluate closed periods against their targets, and open, update and close alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from alerts.evaluation import pending_evaluations
from alerts.evaluation.cases import AlertCase, load_cases
from alerts.evaluation.state_machine import FIRING
from alerts.evaluation.write_alerts import AlertWriter, event_of, record_events, write_alerts
from alerts.models import Alert, AlertEvent, AlertRule, EvaluationRun, PendingEvaluation
from core import reporting_clock
from core.database.locks import lock_to_write
from kpis.definitions.periods import containing, local_day
from kpis.definitions.registry import REGISTRY
from kpis.models import PeriodKind

BATCH = 100
NOTED_EVERY = timedelta(minutes=10)


def evaluate(now: datetime | None = None) -> int:
    """Evaluate what changed or closed since the last run; return the number of events written.

    Safe to run twice, at once, or to be killed: a run writes its alerts and clears its marks in
    one transaction.
    """
    now = now or timezone.now()
    # a slower run must not overwrite the result of a later one
    with lock_to_write("evaluate-alerts"):
        pending = pending_evaluations.due(now)
        # a run in the future was logged before the clock was set back
        run = EvaluationRun.objects.filter(as_of__lte=now).first()
        rules = list(AlertRule.objects.select_related("course", "run", "module"))
        due, courses = _due(rules, pending, _newly_closed(run, now))
        known = [rule for rule in due if rule.kpi in REGISTRY]
        return _write(load_cases(known, now, courses=courses), due, pending, now)


def _due(
    rules: Iterable[AlertRule], pending: Sequence[PendingEvaluation], closed: set[str]
) -> tuple[list[AlertRule], dict[int, frozenset[int]]]:
    """Return the rules to evaluate, and the courses of those that only some courses concern."""
    changed: dict[tuple[str, str], set[int | None]] = defaultdict(set)
    for one in pending:
        changed[one.kpi, one.period_kind].add(one.course_id)
    due, courses = [], {}
    for rule in rules:
        affected = _affected_courses(rule, changed)
        if _is_due_everywhere(rule, closed):
            due.append(rule)
        elif affected and rule.is_active:
            due.append(rule)
            # courses are compared with each other, modules only within their course
            if rule.each == AlertRule.Each.MODULE and None not in affected:
                courses[rule.pk] = frozenset(one for one in affected if one is not None)
    return due, courses


def _is_due_everywhere(rule: AlertRule, closed: set[str]) -> bool:
    if not rule.is_evaluated:
        return True
    if not rule.is_active or rule.kpi not in REGISTRY:
        return False
    return rule.metric == AlertRule.Metric.STALE or rule.period_kind in closed


def _affected_courses(
    rule: AlertRule, changed: Mapping[tuple[str, str], set[int | None]]
) -> frozenset[int | None]:
    """Return the changed courses that a rule watches; None stands for any course."""
    if rule.kpi not in REGISTRY:
        return frozenset()
    keys = {rule.kpi, *REGISTRY[rule.kpi].measured_keys}
    kinds = (pending_evaluations.ALL_KINDS, rule.period_kind)
    found = frozenset(
        course for key in keys for kind in kinds for course in changed.get((key, kind), ())
    )
    return found if rule.course_id is None else found & {rule.course_id, None}


def _newly_closed(run: EvaluationRun | None, now: datetime) -> set[str]:
    """Return the kinds of period of which one closed since the run; all without a run."""
    return {kind for kind in PeriodKind.values if run is None or _has_closed(kind, run.as_of, now)}


def _has_closed(kind: str, since: datetime, now: datetime) -> bool:
    lag, zone = reporting_clock.close_lag(), reporting_clock.reporting_zone()
    next_to_close = containing(local_day(since - lag, zone), kind, zone)
    return since < next_to_close.whole_end + lag <= now


def _write(
    cases: Sequence[AlertCase],
    due: Sequence[AlertRule],
    pending: Sequence[PendingEvaluation],
    now: datetime,
) -> int:
    started = timezone.now()
    last = EvaluationRun.objects.filter(as_of__lte=now).first()
    with transaction.atomic():
        writer = write_alerts(cases, now)
        events = [*writer.events, *_release_modules(now), *_end_snoozes(now)]
        pending_evaluations.clear(pending)
        pending_evaluations.schedule(_evaluate_later(cases, writer, now), now)
        _mark_evaluated(due)
        if any(rule.metric != AlertRule.Metric.STALE for rule in due) or events:
            EvaluationRun.objects.update_or_create(
                as_of=now,
                defaults={
                    "cases": len(cases),
                    "events": len(events),
                    "seconds": (timezone.now() - started).total_seconds(),
                },
            )
        elif last:
            _note_check(last, now)
    return len(events)


def _note_check(run: EvaluationRun, now: datetime) -> None:
    """Note that there was nothing to evaluate, but not after each of many small changes."""
    if now - (run.checked_at or run.as_of) >= NOTED_EVERY:
        EvaluationRun.objects.filter(pk=run.pk).update(checked_at=now)


def _evaluate_later(
    cases: Iterable[AlertCase], writer: AlertWriter, now: datetime
) -> Iterable[PendingEvaluation]:
    for case in cases:
        if at := case.reevaluate_at(now):
            yield pending_evaluations.pending_for(case.rule, case.scope.course_id, not_before=at)
    for case in writer.skipped:
        yield pending_evaluations.pending_for(case.rule, case.scope.course_id)


def _mark_evaluated(rules: Iterable[AlertRule]) -> None:
    """Mark rules as evaluated, except those edited since they were read."""
    new = [rule for rule in rules if not rule.is_evaluated]
    for at in range(0, len(new), BATCH):
        as_read = Q()
        for rule in new[at : at + BATCH]:
            as_read |= Q(pk=rule.pk, updated_at=rule.updated_at)
        AlertRule.objects.filter(as_read).update(is_evaluated=True)


def _release_modules(now: datetime) -> list[AlertEvent]:
    """Notify about modules whose course's alert has closed while their own still fires.

    A module that was never notified and does not fire now is held back until it fires.
    """
    is_due = Q(state=FIRING) | Q(last_notified_at__isnull=False)
    held_back = Alert.objects.open().filter(is_due, inhibited_by__closed_at__isnull=False)
    alerts = list(held_back.select_for_update(of=("self",)).select_related("rule"))
    events = []
    for alert in alerts:
        alert.inhibited_by = None
        if alert.state == FIRING and alert.last_notified_at is None:
            reason = gettext("The course's alert has closed, but the condition still holds here.")
            events.append(_event_with_figures(alert, AlertEvent.Kind.OPENED, reason, now))
    Alert.objects.bulk_update(alerts, ("inhibited_by", "last_notified_at"), batch_size=200)
    record_events(events)
    return events


def _end_snoozes(now: datetime) -> list[AlertEvent]:
    """End the snoozes of alerts that fire, and notify about them.

    An expired snooze stays while the alert does not fire or is held back.
    """
    expired = Q(snoozed_until__lte=now, state=FIRING, inhibited_by=None)
    snoozed = Alert.objects.open().filter(expired)
    alerts = list(snoozed.select_for_update(of=("self",)).select_related("rule"))
    events = []
    for alert in alerts:
        alert.snoozed_until = None
        reason = gettext("The snooze has ended.")
        events.append(_event_with_figures(alert, AlertEvent.Kind.UNSNOOZED, reason, now))
    Alert.objects.bulk_update(alerts, ("snoozed_until", "last_notified_at"), batch_size=200)
    record_events(events)
    return events


def _event_with_figures(alert: Alert, kind: str, reason: str, now: datetime) -> AlertEvent:
    """Return an event with the alert's current figures; it notifies unless held back."""
    notifies = alert.state == FIRING and alert.inhibited_by_id is None
    notifies = notifies and alert.snoozed_until is None
    if notifies:
        alert.last_notified_at = now
    event = event_of(alert, kind, now, reason, None, notifies=notifies)
    event.period_start, event.n = alert.last_period_start, alert.n
    event.value, event.target = alert.value, alert.target
    event.ci_low, event.ci_high = alert.ci_low, alert.ci_high
    return event
