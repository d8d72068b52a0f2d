"""Targets, weights and data freshness that complete the values of a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from curriculum.parameters import ParameterHistory
from kpis import read_sums
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import WINDOW, Period
from kpis.definitions.registry import REGISTRY, Indicator, Part
from kpis.models import DataFreshness, PeriodKind
from kpis.pending_figures import PendingFigures
from kpis.query.results import GROUP_OBJECTS, MetricValue, ValueContext
from kpis.query.targets import TargetHistory, Targets, comparable


class QueryContext:
    """Loads each of them once, for all queries answered at one moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.pending = PendingFigures()
        self._freshness: dict[str, dict[int, datetime]] = {}
        self._first_days: dict[tuple[str, frozenset[int] | None, str], date | None] = {}
        self._courses_by_group: dict[str, dict[int, int]] = {}

    def blank(self, indicator: Indicator, scope: Scope, period: Period) -> MetricValue:
        """Return a value that has everything but the result of the division."""
        target, other = self.targets(indicator, scope, period)
        through = self.of_value(indicator, scope).data_through
        return MetricValue(
            indicator, period, target=target, other_target=other, data_through=through
        )

    def targets(self, indicator: Indicator, scope: Scope, period: Period) -> Targets:
        """Return the target in force that the value can be compared with, and the one it cannot."""
        found = self._targets.in_force(indicator.key, _only_course(scope), period.last)
        return comparable(found, indicator, scope, period)

    def weight(self, part: Part, scope: Scope, period: Period) -> Decimal:
        course = _only_course(scope)
        return self._parameters.value(part.weight, period.end, course_id=course)

    def of_value(self, indicator: Indicator, scope: Scope) -> ValueContext:
        category = indicator.category
        if category not in self._freshness:
            rows = DataFreshness.objects.filter(category=category)
            self._freshness[category] = dict(rows.values_list("course_id", "data_through"))
        moments = [
            at
            for course, at in self._freshness[category].items()
            if scope.course_ids is None or course in scope.course_ids
        ]
        return ValueContext.at(self.now, max(moments, default=None))

    def of_empty_total(self, indicator: Indicator, scope: Scope, period: Period) -> ValueContext:
        """Return a context with the first day that has data: totals are 0 only after it."""
        kind = PeriodKind.DAY if period.kind == WINDOW else period.kind
        key = (indicator.key, scope.course_ids, kind)
        if key not in self._first_days:
            self._first_days[key] = read_sums.first_day(indicator, scope, kind)
        return replace(self.of_value(indicator, scope), data_from=self._first_days[key])

    def scope_of_group(self, scope: Scope, by: str) -> Callable[[int], Scope]:
        """Return a function from a group's id to the scope whose targets and parameters apply."""
        if by == "learner" or (by != "course" and _only_course(scope)):
            return lambda _: scope
        if by != "course" and by not in self._courses_by_group:
            self._courses_by_group[by] = dict(GROUP_OBJECTS[by].values_list("pk", "course_id"))
        course_of = self._courses_by_group.get(by, {})
        return lambda key: replace(scope, course_ids=frozenset({course_of.get(key, key)}))

    @cached_property
    def _targets(self) -> TargetHistory:
        return TargetHistory.load()

    @cached_property
    def _parameters(self) -> ParameterHistory:
        return ParameterHistory([part.weight for one in REGISTRY.values() for part in one.parts])


def _only_course(scope: Scope) -> int | None:
    """Return the course of a scope that has exactly one, else None."""
    if scope.course_ids is not None and len(scope.course_ids) == 1:
        return next(iter(scope.course_ids))
    return None
