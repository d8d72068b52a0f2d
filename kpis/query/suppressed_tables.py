"""Drill-downs without the rows of small groups, for readers who may not see them.

A row is suppressed if few people are behind it, if such a row could be computed from it and other
rows, or if the KPI is suppressed for the course, run or module that the row is about.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from curriculum.models import Course, CourseRun, Module
from kpis.definitions.periods import WINDOW, Period, between
from kpis.definitions.registry import REGISTRY, Dimension, DrillDown, Indicator, Table
from kpis.definitions.scopes import Scope
from kpis.query import row_suppression
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService

# the rows that the cells of a column name, and the fields that hold these names
GROUP_NAMES: dict[Dimension, tuple[QuerySet[Any], tuple[str, ...]]] = {
    "course": (Course.objects.all(), ("title",)),
    "run": (CourseRun.objects.all(), ("course__title", "key")),
    "module": (Module.objects.all(), ("course__title", "title")),
}


def suppressed_table(
    drill: DrillDown, indicator: Indicator, query: KpiQuery, service: KpiQueryService
) -> tuple[Period, Table]:
    """Return a drill-down and its period: the window of the query, or its current period.

    For readers who may not see small groups the period is extended to whole months, and of a
    suppressed row only the texts remain, with `is_hidden`. While the values of open periods are
    held (`KPI_HOLD_OPEN_FIGURES`), all rows of an open period are suppressed: earlier versions of
    them are not stored.
    """
    service.check(query.scope)
    period = query.window or query.current
    if service.reader.sees_small_groups:
        return period, drill.table(period.as_of(query.now), query.scope)
    months = list(between(period.first, period.last, "month", period.zone))
    kind = period.kind if period.kind in ("month", "quarter") else WINDOW
    period = Period(months[0].first, months[-1].after, kind, period.zone)
    table = drill.table(period.as_of(query.now), query.scope)
    measured = _measured(indicator)
    is_held = settings.KPI_HOLD_OPEN_FIGURES and period.is_open(query.now)
    suppressions = [service.disclosure.suppression_of(one, query.scope) for one in measured]
    if is_held or any(one.periods(query.scope, months) for one in suppressions):
        return period, _suppress(table, range(len(table.rows)))
    hidden = _rows_of_suppressed_groups(drill, indicator, table, query.scope, months, service)
    hidden |= _rows_of_few_people(drill, indicator, table, query.scope, months, service)
    return period, _suppress(table, hidden)


def _measured(indicator: Indicator, also: Collection[str] = ()) -> list[Indicator]:
    return [REGISTRY[key] for key in (*indicator.measured_keys, *also)]


def _suppress(table: Table, hidden: Collection[int]) -> Table:
    rows = [
        {key: value for key, value in row.items() if isinstance(value, str)} | {"is_hidden": True}
        if index in hidden
        else row
        for index, row in enumerate(table.rows)
    ]
    return replace(table, rows=rows)


def _rows_of_suppressed_groups(
    drill: DrillDown,
    indicator: Indicator,
    table: Table,
    scope: Scope,
    months: Sequence[Period],
    service: KpiQueryService,
) -> set[int]:
    """Return the indexes of rows about a group for which a KPI in the row is suppressed."""
    if drill.is_of_all_time:
        return set()
    found: set[int] = set()
    keys = {column.dimension: column.key for column in table.columns if column.dimension}
    for dimension, key in keys.items():
        objects, names = GROUP_NAMES[dimension]
        ids = {
            pk
            for one in _measured(indicator, drill.also)
            if _has_groups(one, dimension, scope)
            for pk in service.disclosure.suppression_of(one, scope).groups(scope, dimension, months)
        }
        hidden = set(objects.filter(pk__in=ids).values_list(*names)) if ids else set()
        named_by = [keys["course"], key][-len(names) :] if "course" in keys else [key]
        found |= {
            index
            for index, row in enumerate(table.rows)
            if tuple(row.get(key) for key in named_by) in hidden
        }
    return found


def _has_groups(indicator: Indicator, by: str, scope: Scope) -> bool:
    """Return whether the KPI has more than one group of this dimension in the scope."""
    if by == "course":
        return scope.course_ids is None or len(scope.course_ids) > 1
    if by == "run":
        return indicator.has_runs and scope.run_id is None
    return indicator.has_modules and scope.module_id is None


def _rows_of_few_people(
    drill: DrillDown,
    indicator: Indicator,
    table: Table,
    scope: Scope,
    months: Sequence[Period],
    service: KpiQueryService,
) -> set[int]:
    """Return the indexes of rows with few people, and of those that would reveal one."""
    names = row_suppression.rows_to_suppress(drill, indicator, scope, months, service)
    return {
        index
        for index, row in enumerate(table.rows)
        if row_suppression.name_of(row) in names or row_suppression.is_small(row)
    }
