"""Drill-downs as a reader may see them: whole for who may see small groups, else under the veil.

Rows add up as figures do: to the table of the course around a run and of the quarter around a
month. So a row is judged beside the same row of the other runs and months.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from curriculum.models import CourseRun
from kpis import suppress
from kpis.ask import Desk
from kpis.periods import WINDOW, Period, between, containing
from kpis.question import Question
from kpis.registry import REGISTRY, DrillDown, Indicator, Table
from kpis.stats import Sums
from kpis.tally import Scope

Name = tuple[str, ...]
Cell = tuple[Name, int | None, Period]


def shown(
    drill: DrillDown, indicator: Indicator, question: Question, desk: Desk
) -> tuple[Period, Table]:
    """The table and its period: the window asked for, else the current period.

    For who may not see small groups the period is widened to whole months, and of a hidden row
    only the texts stay, marked `is_hidden`.
    """
    period = question.window or question.current
    if desk.reader.sees_small_groups:
        return period, drill.table(period.as_of(question.now), question.scope)
    months = list(between(period.first, period.last, "month", period.zone))
    kind = period.kind if period.kind in ("month", "quarter") else WINDOW
    period = Period(months[0].first, months[-1].after, kind, period.zone)
    table = drill.table(period.as_of(question.now), question.scope)
    if _is_hidden(indicator, question.scope, months, desk):
        return period, _veiled(table, range(len(table.rows)))
    return period, _veiled(table, _small_rows(drill, table, months, question))


def _is_hidden(indicator: Indicator, scope: Scope, months: Sequence[Period], desk: Desk) -> bool:
    measured = [REGISTRY[key] for key in indicator.measured_keys]
    return any(desk.veil(one).periods(scope, months) for one in measured)


def _veiled(table: Table, hidden: Any) -> Table:
    rows = [
        {key: value for key, value in row.items() if isinstance(value, str)} | {"is_hidden": True}
        if at in hidden
        else row
        for at, row in enumerate(table.rows)
    ]
    return replace(table, rows=rows)


def _small_rows(
    drill: DrillDown, table: Table, months: Sequence[Period], question: Question
) -> set[int]:
    """The places of the rows that are hidden in this table, or in a month of it."""
    names = [_name(row) for row in table.rows]
    here = {at: _sums(row) for at, row in enumerate(table.rows)}
    run = question.scope.run_id
    cells = dict(_cells(drill, months, question))
    inside = {
        name
        for name, of_run, month in suppress.hidden(cells, list(_lines(cells)))
        if of_run == run and month in months
    }
    beside: dict[str, list[int]] = {}
    for at, row in enumerate(table.rows):
        beside.setdefault(str(row.get("course", "")), []).append(at)
    already = {at for at, name in enumerate(names) if name in inside}
    return suppress.hidden(here, beside.values(), already=already)


def _cells(
    drill: DrillDown, months: Sequence[Period], question: Question
) -> Iterator[tuple[Cell, Sums]]:
    """Every row of the tables of the runs and months that add up with the ones asked for."""
    quarters = {containing(month.first, "quarter", month.zone) for month in months}
    for scope in _runs_beside(question.scope):
        for quarter in sorted(quarters):
            for month in between(quarter.first, quarter.last, "month", quarter.zone):
                if month.has_begun(question.now):
                    table = drill.table(month.as_of(question.now), scope)
                    for row in table.rows:
                        yield (_name(row), scope.run_id, month), _sums(row)


def _runs_beside(scope: Scope) -> list[Scope]:
    if scope.run_id is None or scope.course_ids is None:
        return [scope]
    runs = CourseRun.objects.filter(course__in=scope.course_ids).order_by("pk")
    return [replace(scope, run_id=pk) for pk in runs.values_list("pk", flat=True)]


def _lines(cells: Mapping[Cell, Sums]) -> Iterator[list[Cell]]:
    lines: dict[Any, list[Cell]] = {}
    for cell in cells:
        name, run, month = cell
        quarter = containing(month.first, "quarter", month.zone)
        table = name[0] if len(name) > 1 else ""
        for line in (("rows", table, run, month), ("runs", name, month), (name, run, quarter)):
            lines.setdefault(line, []).append(cell)
    yield from lines.values()


def _name(row: Mapping[str, Any]) -> Name:
    return tuple(value for value in row.values() if isinstance(value, str))


def _sums(row: Mapping[str, Any]) -> Sums:
    """A row that names no number of learners is of nobody."""
    return Sums(learners=row.get("learners", 0))
