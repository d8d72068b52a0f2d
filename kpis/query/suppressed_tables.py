"""Drill-downs as a reader may see them: whole for who may see small groups, else under the veil.

A row is hidden where it is of few people, where it would tell such a row of another course or run,
or of its own table, and where the KPI hides the course, run or module that it stands for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from curriculum.models import Course, CourseRun, Module
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import WINDOW, Period, between
from kpis.definitions.registry import REGISTRY, Dimension, DrillDown, Indicator, Table
from kpis.query import row_suppression
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService

# what the rows of a column stand for, and by which names
GROUP_NAMES: dict[Dimension, tuple[QuerySet[Any], tuple[str, ...]]] = {
    "course": (Course.objects.all(), ("title",)),
    "run": (CourseRun.objects.all(), ("course__title", "key")),
    "module": (Module.objects.all(), ("course__title", "title")),
}


def suppressed_table(
    drill: DrillDown, indicator: Indicator, question: KpiQuery, desk: KpiQueryService
) -> tuple[Period, Table]:
    """The table and its period: the window asked for, else the current period.

    For who may not see small groups the period is widened to whole months, and of a hidden row
    only the texts stay, marked `is_hidden`. Where open figures are held, all rows of an open
    period are hidden: they cannot be had as they were.
    """
    period = question.window or question.current
    if desk.reader.sees_small_groups:
        return period, drill.table(period.as_of(question.now), question.scope)
    months = list(between(period.first, period.last, "month", period.zone))
    kind = period.kind if period.kind in ("month", "quarter") else WINDOW
    period = Period(months[0].first, months[-1].after, kind, period.zone)
    table = drill.table(period.as_of(question.now), question.scope)
    measured = _measured(indicator)
    is_held = settings.KPI_HOLD_OPEN_FIGURES and period.is_open(question.now)
    veils = map(desk.disclosure.veil, measured)
    if is_held or any(veil.periods(question.scope, months) for veil in veils):
        return period, _veiled(table, range(len(table.rows)))
    hidden = _of_hidden_things(drill, indicator, table, question.scope, months, desk)
    hidden |= _small(drill, indicator, table, question.scope, months, desk)
    return period, _veiled(table, hidden)


def _measured(indicator: Indicator, also: Collection[str] = ()) -> list[Indicator]:
    return [REGISTRY[key] for key in (*indicator.measured_keys, *also)]


def _veiled(table: Table, hidden: Collection[int]) -> Table:
    found = [
        {key: value for key, value in row.items() if isinstance(value, str)} | {"is_hidden": True}
        if at in hidden
        else row
        for at, row in enumerate(table.rows)
    ]
    return replace(table, rows=found)


def _of_hidden_things(
    drill: DrillDown,
    indicator: Indicator,
    table: Table,
    scope: Scope,
    months: Sequence[Period],
    desk: KpiQueryService,
) -> set[int]:
    """The places of the rows of what the KPI hides, or another KPI whose figures they have."""
    if drill.is_of_all_time:
        return set()
    found: set[int] = set()
    keys = {column.dimension: column.key for column in table.columns if column.dimension}
    for thing, key in keys.items():
        things, names = GROUP_NAMES[thing]
        ids = {
            pk
            for one in _measured(indicator, drill.also)
            if _tells_apart(one, thing, scope)
            for pk in desk.disclosure.veil(one).groups(scope, thing, months)
        }
        hidden = set(things.filter(pk__in=ids).values_list(*names)) if ids else set()
        own = [keys["course"], key][-len(names) :] if "course" in keys else [key]
        found |= {
            at for at, row in enumerate(table.rows) if tuple(row.get(key) for key in own) in hidden
        }
    return found


def _tells_apart(indicator: Indicator, by: str, scope: Scope) -> bool:
    """False where the scope is of one such thing, or the KPI is not kept by it."""
    if by == "course":
        return scope.course_ids is None or len(scope.course_ids) > 1
    if by == "run":
        return indicator.has_runs and scope.run_id is None
    return indicator.has_modules and scope.module_id is None


def _small(
    drill: DrillDown,
    indicator: Indicator,
    table: Table,
    scope: Scope,
    months: Sequence[Period],
    desk: KpiQueryService,
) -> set[int]:
    """The places of the rows that are hidden in this table, or in a month of it."""
    names = row_suppression.rows_to_suppress(drill, indicator, scope, months, desk)
    return {
        at
        for at, row in enumerate(table.rows)
        if row_suppression.name_of(row) in names or row_suppression.is_small(row)
    }
