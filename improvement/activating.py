"""Switch a rule on, together with the alert rule without which it would never act."""

from __future__ import annotations

from django.db import transaction

from alerts.evaluation.pending_evaluations import queue_evaluation
from alerts.models import AlertRule
from improvement.answer_queue import queue_answer
from improvement.models import AdjustmentRule


@transaction.atomic
def activate(rule: AdjustmentRule) -> None:
    """Switch on a rule and its alert rule; ValidationError, and nothing done, if it is invalid."""
    alert_rule = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule.alert_rule_id)
    if not alert_rule.is_active:
        alert_rule.is_active = True
        alert_rule.save()
    rule.alert_rule, rule.is_active = alert_rule, True
    rule.full_clean()
    rule.save()
    answer_soon()


def answer_soon() -> None:
    """Have alerts evaluated and answered after the commit, instead of within the hour."""
    transaction.on_commit(queue_evaluation)
    transaction.on_commit(queue_answer)


def deactivate(rule: AdjustmentRule) -> None:
    """Switch off a rule; its alert rule goes on, because other people may follow its alerts."""
    rule.is_active = False
    rule.save()
