"""The table that compares several KPIs module by module."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from curriculum.models import Course, Module
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import PeriodKind
from kpis.query.group_columns import GroupReader
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GROUP_OBJECTS, MetricValue
from presentation.figures import Figure, figures_with_one_scale


@dataclass(frozen=True)
class ModuleRow:
    """One figure per KPI of the table; None if the module has no data in the period."""

    module: Module
    figures: Sequence[Figure | None]


@dataclass(frozen=True)
class ModuleTable:
    """Modules with data, grouped by course; `count` includes those that are not shown."""

    indicators: Sequence[Indicator]
    courses: Sequence[tuple[Course, Sequence[ModuleRow]]]
    count: int

    @property
    def is_cut(self) -> bool:
        return sum(len(rows) for _, rows in self.courses) < self.count

    @property
    def hides_any(self) -> bool:
        rows = [row for _, rows in self.courses for row in rows]
        return any(figure.is_hidden for row in rows for figure in row.figures if figure)

    @property
    def width(self) -> int:
        """The number of columns: the module's name, and four for each KPI."""
        return 1 + 4 * len(self.indicators)


def module_table(
    service: KpiQueryService,
    indicators: Sequence[Indicator],
    query: KpiQuery,
    most: int | None = None,
) -> ModuleTable:
    """Compare the modules of the first courses by title: about `most` modules, None for all."""
    if query.window or query.run or query.module or not _is_closed_month(query):
        values = [service.values_by_group(one, replace(query, by="module")) for one in indicators]
        with_data = {pk for column in values for pk in column}
        shown = _first_courses(with_data, most)
    else:
        reader = service.group_reader(indicators, query.scope, query.current)
        with_data = {pk for one in indicators for pk in _ids(reader, one, query.current)}
        shown = _first_courses(with_data, most)
        values = _values(reader, indicators, query.current, shown)
    modules = GROUP_OBJECTS["module"].filter(pk__in=shown)
    columns = [_column({pk: column[pk] for pk in shown if pk in column}) for column in values]
    by_course = groupby(
        modules.order_by("course__title", "course_id", "position"), key=lambda one: one.course
    )
    return ModuleTable(
        indicators,
        [
            (course, [ModuleRow(one, [column.get(one.pk) for column in columns]) for one in some])
            for course, some in by_course
        ],
        count=len(with_data),
    )


def _is_closed_month(query: KpiQuery) -> bool:
    """True if measurements of modules are stored that are the same for all readers."""
    return query.current.kind == PeriodKind.MONTH and not query.current.is_open(query.now)


def _ids(reader: GroupReader, indicator: Indicator, month: Period) -> list[int]:
    ids: list[int] = reader.columns(indicator, "module", month).ids.tolist()
    return ids


def _values(
    reader: GroupReader, indicators: Sequence[Indicator], month: Period, modules: Sequence[int]
) -> list[dict[int, MetricValue]]:
    """Return the values of some modules, so that the others need none."""
    cells = [[(one.key, "module", month, pk) for pk in modules] for one in indicators]
    found = reader.metric_values(cell for column in cells for cell in column)
    return [{cell[3]: found[cell] for cell in column if cell in found} for column in cells]


def _first_courses(modules: Collection[int], most: int | None) -> list[int]:
    """Return the modules of as many whole courses as `most` modules fill, at least of one."""
    rows = Module.objects.order_by("course__title", "course_id").values_list("pk", "course_id")
    mine = [(pk, course) for pk, course in rows if pk in modules]
    if most is None or len(mine) <= most:
        return [pk for pk, _ in mine]
    # the course of the first module that is too many is left out, unless it is the only one
    cut = mine[most][1]
    whole = [pk for pk, course in mine[:most] if course != cut]
    return whole or [pk for pk, course in mine if course == cut]


def _column(values: Mapping[int, MetricValue]) -> dict[int, Figure]:
    return dict(zip(values, figures_with_one_scale(list(values.values())), strict=True))
