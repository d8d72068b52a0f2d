"""Where the alerts of a preview are, what the rule changes there, and its values over time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from alerts import scopes
from alerts.scopes import AlertScope
from curriculum import parameters
from curriculum.models import Course, CourseRun, Module
from curriculum.parameters import ParameterHistory, ParameterScope
from improvement.models import AdjustmentRule

# the scope and the id of what a rule changes; the whole site has the id 0
Target = tuple[str, int]


class PreviewPlaces:
    """The places of some alerts, loaded with a fixed number of queries."""

    def __init__(self, rule: AdjustmentRule, alerts: Iterable[AlertScope]) -> None:
        self.key, self.scope = rule.parameter_key, rule.scope
        self.definition = parameters.definition_of(self.key)
        alerts = set(alerts)
        modules = Module.objects.in_bulk(_ids(alerts, "module"))
        self._runs = CourseRun.objects.in_bulk(_ids(alerts, "run"))
        self._modules = modules
        self._courses = Course.objects.in_bulk({one.course_id for one in alerts if one.course_id})
        self._history = ParameterHistory(
            [self.key],
            scopes={_parameter_scope(one) for one in alerts},
            modules=list(modules.values()),
        )
        targets = {target for one in alerts if (target := self.target(one))}
        self._names = scopes.names(AlertScope(*target, None) for target in targets)

    def target(self, alert: AlertScope) -> Target | None:
        """Return what the rule changes because of an alert; None if the place was deleted."""
        if not self._exists(alert):
            return None
        if self.scope == "site":
            return "site", 0
        if self.scope == "course":
            return "course", alert.course_id or 0
        return self.scope, alert.scope_id

    def _exists(self, alert: AlertScope) -> bool:
        if alert.scope == "module":
            return alert.scope_id in self._modules
        if alert.scope == "run":
            return alert.scope_id in self._runs
        return alert.course_id is None or alert.course_id in self._courses

    def name(self, target: Target) -> str:
        return self._names[target]

    def value(self, alert: AlertScope, at: datetime) -> Decimal:
        """Return the value that applied where an alert is, its own or the inherited one."""
        scope = _parameter_scope(alert)
        return self._history.value(
            self.key,
            at,
            course_id=scope.course_id,
            run_id=scope.run_id,
            module_id=scope.module_id,
        )


def _ids(alerts: Iterable[AlertScope], scope: str) -> set[int]:
    return {one.scope_id for one in alerts if one.scope == scope}


def _parameter_scope(alert: AlertScope) -> ParameterScope:
    return ParameterScope(
        course_id=alert.course_id,
        run_id=alert.scope_id if alert.scope == "run" else None,
        module_id=alert.scope_id if alert.scope == "module" else None,
    )
