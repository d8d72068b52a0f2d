"""Answer alerts: propose what the rules say when an alert opens or recovers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.languages import in_language_of
from alerts.actions import note_proposal
from alerts.models import Alert, AlertEvent
from core.database.locks import lock_to_write
from curriculum import parameters
from curriculum.models import Parameter
from improvement import limits
from improvement.automatic import approve_within_budget
from improvement.experiments import EXPERIMENTS
from improvement.history import begin
from improvement.models import Adjustment, AdjustmentEvent, AdjustmentRule
from improvement.places import Place
from improvement.proposing import figures_of, propose_change
from kpis.definitions.registry import REGISTRY

logger = logging.getLogger(__name__)

When, Mode = AdjustmentRule.When, AdjustmentRule.Mode


def answer(now: datetime | None = None) -> int:
    """Propose what rules say about alerts that nobody has answered; return how many.

    Two queries if there are none. Safe to run twice, at once, or to be killed: a proposal is
    written with all that belongs to it or not at all, and a rule answers an alert once.
    """
    now = now or timezone.now()
    rules = list(AdjustmentRule.objects.filter(is_active=True).select_related("alert_rule"))
    alerts = list(_alerts_to_answer(rules)) if rules else []
    if not alerts:
        return 0
    with lock_to_write("answer-alerts"):
        return sum(_answer_safely(rule, alert, now) for rule, alert in _unanswered(rules, alerts))


def _alerts_to_answer(rules: Sequence[AdjustmentRule]) -> QuerySet[Alert]:
    rows = Alert.objects.filter(reduce(or_, map(_is_to_answer, rules))).order_by("opened_at", "pk")
    return rows.select_related("rule", "course")


def _is_to_answer(rule: AdjustmentRule) -> Q:
    answered = Exists(Adjustment.objects.filter(rule=rule.pk, alert=OuterRef("pk")))
    return Q(_concerns(rule), ~Q(answered), rule=rule.alert_rule_id)


def _concerns(rule: AdjustmentRule) -> Q:
    """Alerts that fire now, or that recovered since the rule was switched on."""
    if rule.when == When.OPENS:
        return Q(closed_at=None, state=Alert.State.FIRING)
    recovered = AlertEvent.objects.filter(alert=OuterRef("pk"), kind=AlertEvent.Kind.RECOVERED)
    return Q(Exists(recovered), closed_at__gte=rule.active_since, is_expected=False)


def _unanswered(
    rules: Sequence[AdjustmentRule], alerts: Sequence[Alert]
) -> Iterator[tuple[AdjustmentRule, Alert]]:
    """Pair rules and alerts, the oldest alert first: of two rules for one parameter it wins."""
    known = Adjustment.objects.filter(alert__in=alerts).values_list("rule", "alert")
    answered = set(known)
    for alert in alerts:
        for rule in rules:
            fits = rule.alert_rule_id == alert.rule_id and alert.is_open == (
                rule.when == When.OPENS
            )
            if fits and (rule.pk, alert.pk) not in answered:
                yield rule, alert


def _answer_safely(rule: AdjustmentRule, alert: Alert, now: datetime) -> int:
    """Answer one alert; what goes wrong with one must not keep the others from an answer."""
    try:
        with transaction.atomic(), in_language_of(None):
            # it may have been closed, or answered, since it was read
            rows = _alerts_to_answer([rule]).filter(pk=alert.pk)
            locked = rows.select_for_update(of=("self",)).first()
            return _answer(rule, locked, now) if locked else 0
    except Exception:
        logger.exception("Rule %s could not answer alert %s.", rule.pk, alert.pk)
        return 0


def _answer(rule: AdjustmentRule, alert: Alert, now: datetime) -> int:
    key = rule.parameter_key
    place = Place.of_alert(alert)
    if place is None:
        return 0
    row = place.row(key, rule.scope)
    if row and (limits.is_busy(row) or limits.is_cooling_down(rule, row, now)):
        # asked again in the next run
        return 0
    current, definition = place.value(key, now), parameters.definition_of(key)
    to = limits.target_value(rule, definition, current)
    if to == current:
        return _decline(rule, alert, current, _at_the_end(definition, current), now)
    if row and (other := limits.opposite(rule, row, to - current, now)):
        return _decline(rule, alert, current, _undoes(definition, other), now)
    _propose(rule, alert, place.row_to_change(key, rule.scope), to, now)
    return 1


def _propose(
    rule: AdjustmentRule, alert: Alert, parameter: Parameter, to: Decimal, now: datetime
) -> None:
    made = propose_change(
        parameter,
        to,
        kpi=rule.kpi,
        reason=_reason(rule, alert),
        watch_days=rule.watch_days,
        guard_kpis=rule.guard_kpis,
        now=now,
        rule=rule,
        alert=alert,
    )
    what = gettext("%(parameter)s in %(place)s: %(values)s. Rule: %(rule)s") % {
        "parameter": parameter.display_name,
        "place": made.place or gettext("Whole site"),
        "values": made.values,
        "rule": rule.name,
    }
    note_proposal(alert, text=what, at=now, notifies=True)
    if rule.mode == Mode.EXPERIMENT:
        for draft in EXPERIMENTS.values():
            draft(made)
    elif rule.mode == Mode.AUTOMATIC:
        approve_within_budget(made, now)


def _decline(rule: AdjustmentRule, alert: Alert, value: Decimal, reason: str, now: datetime) -> int:
    """Write down why nothing is proposed, once, where people look: in the alert's history."""
    made = Adjustment.objects.create(
        rule=rule,
        alert=alert,
        course=alert.course,
        place=str(alert.course or ""),
        parameter_key=rule.parameter_key,
        old_value=value,
        new_value=value,
        kpi=rule.kpi,
        status=Adjustment.Status.DECLINED,
        reason=reason,
        proposed_at=now,
        closed_at=now,
        **figures_of(alert),
    )
    begin(made, AdjustmentEvent.Kind.DECLINED)
    note_proposal(alert, text=f"{rule.name}: {reason}", at=now, notifies=False)
    return 0


def _at_the_end(definition: parameters.ParameterDefinition, value: Decimal) -> str:
    return gettext("%(parameter)s already is %(value)s, and the rule may not go further.") % {
        "parameter": gettext(definition.name),
        "value": definition.written(value),
    }


def _undoes(definition: parameters.ParameterDefinition, other: Adjustment) -> str:
    return gettext(
        "%(parameter)s was changed the other way a short time ago (%(values)s). Two rules would "
        "pull it to and fro, so a person should decide."
    ) % {"parameter": gettext(definition.name), "values": other.values}


def _reason(rule: AdjustmentRule, alert: Alert) -> str:
    unit = REGISTRY[alert.rule.kpi].unit
    figures = {
        "kpi": REGISTRY[alert.rule.kpi].name,
        "value": "" if alert.value is None else unit.written(alert.value),
        "target": "" if alert.target is None else unit.written(alert.target),
        "rule": rule.name,
    }
    if rule.when == When.RECOVERS:
        return (
            gettext("%(kpi)s recovered to %(value)s (target %(target)s). Rule: %(rule)s") % figures
        )
    return gettext("%(kpi)s is %(value)s (target %(target)s). Rule: %(rule)s") % figures
