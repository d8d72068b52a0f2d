"""Write a proposal: the adjustment, the change it waits for, and the entry in its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.models import User
from alerts.models import Alert
from curriculum import parameters
from curriculum.models import Course, Parameter
from improvement.history import begin
from improvement.locking import lock_parameters
from improvement.models import Adjustment, AdjustmentEvent, AdjustmentRule
from kpis.definitions.registry import REGISTRY


def propose_change(
    parameter: Parameter,
    to: Decimal,
    *,
    kpi: str,
    reason: str,
    watch_days: int,
    guard_kpis: Sequence[str],
    now: datetime,
    by: User | None = None,
    rule: AdjustmentRule | None = None,
    alert: Alert | None = None,
) -> Adjustment:
    """Propose a value; call it in a transaction.

    ValidationError for a value that is not allowed or already applies, an unknown KPI, or while
    another adjustment of the parameter is open.
    """
    if unknown := [key for key in (kpi, *guard_kpis) if key not in REGISTRY]:
        raise ValidationError(gettext("There is no KPI %(key)s.") % {"key": unknown[0]})
    lock_parameters(Parameter.objects.filter(pk=parameter.pk))
    if Adjustment.objects.open().filter(parameter=parameter).exists():
        raise ValidationError(
            gettext("%(name)s already has an open adjustment there. Decide about that one first.")
            % {"name": parameter.display_name}
        )
    current = parameters.value_in_force(parameter, now)
    if current == to:
        raise ValidationError(
            gettext("%(name)s already is %(value)s there.")
            % {"name": parameter.display_name, "value": parameter.written(to)}
        )
    change = parameters.propose(parameter, to, reason=reason, by=by, now=now)
    made = Adjustment.objects.create(
        rule=rule,
        alert=alert,
        change=change,
        parameter=parameter,
        course=course_of(parameter),
        place=place_of(parameter),
        parameter_key=parameter.key,
        old_value=current,
        new_value=to,
        kpi=kpi,
        reason=reason,
        proposed_at=now,
        proposed_by=by,
        watch_days=watch_days,
        guard_kpis=list(guard_kpis),
        **figures_of(alert),
    )
    begin(made, AdjustmentEvent.Kind.PROPOSED)
    return made


def course_of(parameter: Parameter) -> Course | None:
    part = parameter.module or parameter.run
    return part.course if part else parameter.course


def place_of(parameter: Parameter) -> str:
    """Return the course, and the run or module in it; empty for the whole site."""
    part, course = parameter.module or parameter.run, course_of(parameter)
    return f"{course}: {part}" if part else str(course or "")


def figures_of(alert: Alert | None) -> dict[str, Any]:
    """Return what an adjustment copies from its alert."""
    if alert is None:
        return {}
    return {
        "alert_value": alert.value,
        "alert_target": alert.target,
        "alert_period_start": _figures_start(alert),
    }


def _figures_start(alert: Alert) -> date:
    row: Any = Alert.objects.with_figures_start().get(pk=alert.pk)
    start: date = row.figures_start
    return start
