"""Judge: what closed periods say against the targets in force then, into alerts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alerts.evaluation import pending_evaluations
from alerts.evaluation.cases import AlertCase, cases_of
from alerts.evaluation.state_machine import FIRING
from alerts.evaluation.write_alerts import AlertWriter, event_of, record_event, write_alerts
from alerts.models import Alert, AlertEvent, AlertRule, EvaluationRun, PendingEvaluation
from core import reporting_clock
from core.locks import lock_to_write
from kpis.definitions.periods import containing, local_day
from kpis.definitions.registry import REGISTRY
from kpis.models import PeriodKind

AT_ONCE = 100


def evaluate(now: datetime | None = None) -> int:
    """Judge what has changed or closed since the run before; returns the events written.

    Safe to run twice, at once, or to be killed: all that a run finds is written in one
    transaction, with the marks that it clears.
    """
    now = now or timezone.now()
    # an older look than the one that is in must not be written over it
    with lock_to_write("judge"):
        marks = pending_evaluations.due(now)
        # a run noted in the future was made before the clock was set back
        run = EvaluationRun.objects.filter(as_of__lte=now).first()
        rules = list(AlertRule.objects.select_related("course", "run", "module"))
        due, within = _due(rules, marks, _newly_closed(run, now))
        known = [rule for rule in due if rule.kpi in REGISTRY]
        return _write(cases_of(known, now, within=within), due, marks, now)


def _due(
    rules: Iterable[AlertRule], marks: Sequence[PendingEvaluation], closed: set[str]
) -> tuple[list[AlertRule], dict[int, frozenset[int]]]:
    """The rules to judge, and by their ids the courses of those to be judged in some alone."""
    changed: dict[tuple[str, str], set[int | None]] = defaultdict(set)
    for mark in marks:
        changed[mark.kpi, mark.period_kind].add(mark.course_id)
    due, within = [], {}
    for rule in rules:
        courses = _courses_of(rule, changed)
        if _is_due_everywhere(rule, closed):
            due.append(rule)
        elif courses and rule.is_active:
            due.append(rule)
            # courses are compared with each other, the modules of a course among themselves
            if rule.each == AlertRule.Each.MODULE and None not in courses:
                within[rule.pk] = frozenset(one for one in courses if one is not None)
    return due, within


def _is_due_everywhere(rule: AlertRule, closed: set[str]) -> bool:
    if not rule.is_judged:
        return True
    if not rule.is_active or rule.kpi not in REGISTRY:
        return False
    return rule.metric == AlertRule.Metric.STALE or rule.period_kind in closed


def _courses_of(
    rule: AlertRule, changed: Mapping[tuple[str, str], set[int | None]]
) -> frozenset[int | None]:
    """The courses in which something changed that the rule tells of; None among them is any."""
    if rule.kpi not in REGISTRY:
        return frozenset()
    keys = {rule.kpi, *REGISTRY[rule.kpi].measured_keys}
    kinds = (pending_evaluations.EVERY_KIND, rule.period_kind)
    found = frozenset(
        course for key in keys for kind in kinds for course in changed.get((key, kind), ())
    )
    return found if rule.course_id is None else found & {rule.course_id, None}


def _newly_closed(run: EvaluationRun | None, now: datetime) -> set[str]:
    """The kinds of which a period has closed since the run; all of them before the first."""
    return {kind for kind in PeriodKind.values if run is None or _has_closed(kind, run.as_of, now)}


def _has_closed(kind: str, since: datetime, now: datetime) -> bool:
    lag = reporting_clock.close_lag()
    # the one that closes next, seen from the run before
    period = containing(
        local_day(since - lag, reporting_clock.reporting_zone()),
        kind,
        reporting_clock.reporting_zone(),
    )
    return since < period.whole_end + lag <= now


def _write(
    cases: Sequence[AlertCase],
    due: Sequence[AlertRule],
    marks: Sequence[PendingEvaluation],
    now: datetime,
) -> int:
    began = timezone.now()
    with transaction.atomic():
        scribe = write_alerts(cases, now)
        events = [*scribe.events, *_release(now), *_wake(now)]
        pending_evaluations.clear(marks)
        pending_evaluations.evaluate_soon(_open_questions(cases, scribe, now), now)
        _note_judged(due)
        if any(rule.metric != AlertRule.Metric.STALE for rule in due) or events:
            EvaluationRun.objects.update_or_create(
                as_of=now,
                defaults={
                    "judged": len(cases),
                    "moves": len(events),
                    "seconds": (timezone.now() - began).total_seconds(),
                },
            )
    return len(events)


def _open_questions(
    cases: Iterable[AlertCase], scribe: AlertWriter, now: datetime
) -> Iterable[PendingEvaluation]:
    for case in cases:
        if at := case.look_again(now):
            yield pending_evaluations.mark_of(case.rule, case.subject.course_id, not_before=at)
    for case in scribe.skipped:
        yield pending_evaluations.mark_of(case.rule, case.subject.course_id)


def _note_judged(rules: Iterable[AlertRule]) -> None:
    """Note that rules are judged as they were read: those edited meanwhile are due again."""
    fresh = [rule for rule in rules if not rule.is_judged]
    for at in range(0, len(fresh), AT_ONCE):
        as_read = Q()
        for rule in fresh[at : at + AT_ONCE]:
            as_read |= Q(pk=rule.pk, updated_at=rule.updated_at)
        AlertRule.objects.filter(as_read).update(is_judged=True)


def _release(now: datetime) -> list[AlertEvent]:
    """Tell of modules whose course's alert is over and who are still beyond by themselves.

    Those that nobody has been told of and that do not fire now stay held until they do.
    """
    is_due = Q(state=FIRING) | Q(last_notified_at__isnull=False)
    held = Alert.objects.open().filter(is_due, inhibited_by__closed_at__isnull=False)
    alerts = list(held.select_for_update(of=("self",)).select_related("rule"))
    events = []
    for alert in alerts:
        alert.inhibited_by = None
        if alert.state == FIRING and alert.last_notified_at is None:
            why = "The course's alert is over; this module's is not."
            events.append(_tell(alert, AlertEvent.Kind.OPENED, why, now))
    Alert.objects.bulk_update(alerts, ("inhibited_by", "last_notified_at"), batch_size=200)
    record_event(events)
    return events


def _wake(now: datetime) -> list[AlertEvent]:
    """End the snoozes that are over, and tell of what fires.

    What does not fire now, for want of data or as it recovers, or is held back, is told of when
    it does: until then its snooze stays, though it is past.
    """
    is_past = Q(snoozed_until__lte=now, state=FIRING, inhibited_by=None)
    snoozed = Alert.objects.open().filter(is_past)
    alerts = list(snoozed.select_for_update(of=("self",)).select_related("rule"))
    events = []
    for alert in alerts:
        alert.snoozed_until = None
        why = "The snooze is over."
        events.append(_tell(alert, AlertEvent.Kind.UNSNOOZED, why, now))
    Alert.objects.bulk_update(alerts, ("snoozed_until", "last_notified_at"), batch_size=200)
    record_event(events)
    return events


def _tell(alert: Alert, kind: str, why: str, now: datetime) -> AlertEvent:
    """Say again what the alert says; people are told while it fires and nothing holds it back."""
    is_told = alert.state == FIRING and alert.inhibited_by_id is None
    is_told = is_told and alert.snoozed_until is None
    if is_told:
        alert.last_notified_at = now
    event = event_of(alert, kind, now, why, None, is_told=is_told)
    event.period_start, event.n = alert.last_period_start, alert.n
    event.value, event.target = alert.value, alert.target
    event.ci_low, event.ci_high = alert.ci_low, alert.ci_high
    return event
