"""Where the effect of a change is measured."""

from __future__ import annotations

from alerts.models import Alert
from alerts.scopes import AlertScope
from curriculum.models import Parameter
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import SITE, Scope


def changed_scope(alert: Alert | None, parameter: Parameter, indicator: Indicator) -> Scope:
    """Return where to measure: where the alert fired, else where the parameter was changed.

    A KPI without modules or runs is measured in their course.
    """
    if alert is not None:
        scope = AlertScope(alert.scope, alert.scope_id, alert.course_id).kpi_scope
    else:
        scope = _scope_of(parameter)
    return Scope(
        scope.course_ids,
        scope.run_id if indicator.has_runs else None,
        scope.module_id if indicator.has_modules else None,
    )


def _scope_of(parameter: Parameter) -> Scope:
    part = parameter.module or parameter.run
    course = part.course_id if part else parameter.course_id
    if course is None:
        return SITE
    return Scope(frozenset({course}), parameter.run_id, parameter.module_id)
