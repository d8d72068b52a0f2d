"""What keeps a rule from changing a parameter too far, too often, or to and fro."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from curriculum.models import Parameter, ParameterChange
from curriculum.parameters import ParameterDefinition
from improvement.experiments import reason_to_wait
from improvement.models import Adjustment, AdjustmentRule


def target_value(
    rule: AdjustmentRule, definition: ParameterDefinition, current: Decimal
) -> Decimal:
    """Return the value after the rule's steps, within its limit; the current one beyond that."""
    to = definition.shifted(current, rule.steps)
    if rule.farthest is None:
        return to
    if rule.steps > 0:
        return max(current, min(to, rule.farthest))
    return min(current, max(to, rule.farthest))


def is_busy(row: Parameter) -> bool:
    """True while another change waits for a decision, its first day or its effect, or is tested."""
    waits = row.changes.filter(status=ParameterChange.Status.PROPOSED).exists()
    is_open = waits or Adjustment.objects.open().filter(parameter=row).exists()
    return is_open or bool(reason_to_wait(row))


def is_cooling_down(rule: AdjustmentRule, row: Parameter, now: datetime) -> bool:
    """True if the rule's last change of the row was decided or closed in the cool-down."""
    since = now - timedelta(days=rule.cooldown_days)
    own = Adjustment.objects.filter(rule=rule, parameter=row)
    return own.filter(Q(decided_at__gt=since) | Q(closed_at__gt=since)).exists()


def opposite(
    rule: AdjustmentRule, row: Parameter, change: Decimal, now: datetime
) -> Adjustment | None:
    """Return a recent adjustment that this one would undo: rules must not oscillate."""
    since = now - timedelta(days=2 * rule.cooldown_days)
    applied = Adjustment.objects.filter(
        parameter=row, status__in=Adjustment.APPLIED, applies_from__gt=since
    ).exclude(status=Adjustment.Status.REVERTED)
    last = applied.select_related("change__parameter").order_by("-applies_from").first()
    is_undone = last is not None and (last.new_value - last.old_value) * change < 0
    return last if is_undone else None
