"""The table of modules: several KPIs side by side, module by module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import cast

from curriculum.models import Course, Module
from kpis.definitions.registry import Indicator
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GroupResult
from presentation.figures import Figure, compared


@dataclass(frozen=True)
class ModuleRow:
    """`figures` stand in the order of the table's KPIs; None: nothing fell into the period."""

    module: Module
    figures: Sequence[Figure | None]


@dataclass(frozen=True)
class ModuleTable:
    """The modules with data, by course."""

    indicators: Sequence[Indicator]
    courses: Sequence[tuple[Course, Sequence[ModuleRow]]]

    @property
    def hides_any(self) -> bool:
        rows = [row for _, rows in self.courses for row in rows]
        return any(figure.is_hidden for row in rows for figure in row.figures if figure)

    @property
    def width(self) -> int:
        """Columns: the module's name, and four for each KPI."""
        return 1 + 4 * len(self.indicators)


def table(
    desk: KpiQueryService, indicators: Sequence[Indicator], question: KpiQuery
) -> ModuleTable:
    question = replace(question, by="module")
    found = [desk.groups(indicator, question) for indicator in indicators]
    columns = [_by_module(groups) for groups in found]
    modules = {group.group.pk: cast("Module", group.group) for groups in found for group in groups}
    courses = Course.objects.in_bulk({module.course_id for module in modules.values()})
    rows = [
        ModuleRow(module, [column.get(module.pk) for column in columns])
        for module in sorted(modules.values(), key=lambda one: _place(one, courses))
    ]
    by_course = groupby(rows, key=lambda row: row.module.course_id)
    return ModuleTable(indicators, [(courses[key], list(group)) for key, group in by_course])


def _by_module(groups: Sequence[GroupResult]) -> dict[int, Figure]:
    figures = compared([group.answer for group in groups])
    return {group.group.pk: figure for group, figure in zip(groups, figures, strict=True)}


def _place(module: Module, courses: dict[int, Course]) -> tuple[str, int, int]:
    return courses[module.course_id].title, module.course_id, module.position
