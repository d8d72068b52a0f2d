"""The table that compares several KPIs module by module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import cast

from curriculum.models import Course, Module
from kpis.definitions.registry import Indicator
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from presentation.figures import Figure, figures_with_one_scale


@dataclass(frozen=True)
class ModuleRow:
    """One figure per KPI of the table; None if the module has no data in the period."""

    module: Module
    figures: Sequence[Figure | None]


@dataclass(frozen=True)
class ModuleTable:
    """The modules with data, grouped by course."""

    indicators: Sequence[Indicator]
    courses: Sequence[tuple[Course, Sequence[ModuleRow]]]

    @property
    def hides_any(self) -> bool:
        rows = [row for _, rows in self.courses for row in rows]
        return any(figure.is_hidden for row in rows for figure in row.figures if figure)

    @property
    def width(self) -> int:
        """The number of columns: the module's name, and four for each KPI."""
        return 1 + 4 * len(self.indicators)


def module_table(
    service: KpiQueryService, indicators: Sequence[Indicator], query: KpiQuery
) -> ModuleTable:
    modules: dict[int, Module] = {}
    columns: list[dict[int, Figure]] = []
    for indicator in indicators:
        groups = service.groups(indicator, replace(query, by="module"))
        modules |= {one.group.pk: cast("Module", one.group) for one in groups}
        figures = figures_with_one_scale([one.answer for one in groups])
        columns.append({one.group.pk: figure for one, figure in zip(groups, figures, strict=True)})
    courses = Course.objects.in_bulk({module.course_id for module in modules.values()})

    def position(module: Module) -> tuple[str, int, int]:
        return courses[module.course_id].title, module.course_id, module.position

    rows = [
        ModuleRow(module, [column.get(module.pk) for column in columns])
        for module in sorted(modules.values(), key=position)
    ]
    by_course = groupby(rows, key=lambda row: row.module.course_id)
    return ModuleTable(indicators, [(courses[key], list(group)) for key, group in by_course])
