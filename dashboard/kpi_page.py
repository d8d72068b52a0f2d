"""The data of a KPI's page: its card, comparison of groups, drill-downs and links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext_lazy

from core.lazy_text import LazyText
from curriculum.models import CourseRun, Module
from dashboard import row_links
from dashboard.dashboard import FILE_KINDS
from kpis.api.response_models import title_of
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import DrillDown, Indicator, Table
from kpis.definitions.units import NO_VALUE, TEXT, Unit
from kpis.query import suppressed_tables
from kpis.query.query_service import KpiQueryService
from presentation import charts
from presentation.categories import CATEGORIES
from presentation.chart_notes import with_notes
from presentation.date_choice import DateChoice
from presentation.figures import Figure, figures_with_one_scale
from presentation.filters import Filters
from presentation.page_query import Card, PageResult, query_page

GROUPINGS: dict[str, LazyText] = {
    "course": gettext_lazy("Courses"),
    "run": gettext_lazy("Course runs"),
    "module": gettext_lazy("Modules"),
}


@dataclass(frozen=True)
class GroupRow:
    """`query_string` filters this page to the group."""

    title: str
    course: str
    query_string: str
    figure: Figure


@dataclass(frozen=True)
class Cell:
    """A heading or value of a drill-down; numbers are right-aligned, `url` filters this page."""

    text: str
    is_number: bool
    unit: Unit = TEXT
    value: float | None = None
    url: str = ""


@dataclass(frozen=True)
class DrillDownTable:
    """A drill-down as text, with the link to its CSV.

    `period` may be longer than the page's: see `suppressed_tables.suppressed_table`.
    """

    drill_down: DrillDown
    period: str
    headings: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    hides_rows: bool
    csv: str


@dataclass
class KpiPage:
    indicator: Indicator
    service: KpiQueryService
    filters: Filters
    chosen_grouping: str

    @property
    def files(self) -> list[tuple[str, str]]:
        """The page as files of each kind, under the same filters."""
        query_string = self.filters.query_string(by=self.chosen_grouping)
        return [
            (name, reverse("dashboard:kpi-file", args=[self.indicator.key, kind]) + query_string)
            for kind, name in FILE_KINDS.items()
        ]

    @property
    def report_url(self) -> str:
        """Where readers subscribe to this page, under the same filters."""
        return reverse("dashboard:reports") + self.filters.query_string(shown=self.indicator.key)

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]:
        return [("by", self.chosen_grouping)] if self.chosen_grouping else []

    @cached_property
    def dates(self) -> DateChoice:
        return DateChoice(self.filters, self.result.kpi_query, dict(self.hidden_inputs))

    @property
    def clear_url(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])

    @property
    def category_title(self) -> str:
        return str(CATEGORIES[self.indicator.category].title)

    @property
    def dashboard_url(self) -> str:
        query_string = self.filters.query_string(tab=self.indicator.category)
        return f"{reverse('dashboard:dashboard')}{query_string}"

    @property
    def targets_url(self) -> str:
        return f"{reverse('admin:kpis_target_changelist')}?kpi={self.indicator.key}"

    @cached_property
    def result(self) -> PageResult:
        page = query_page(self.service, [self.indicator], self.filters)
        if not page.cards:
            raise PermissionDenied  # the KPI has no figures of single runs
        return page

    @property
    def card(self) -> Card:
        return self.result.cards[0]

    @property
    def chart(self) -> dict[str, Any]:
        chart = charts.line_chart([self.card.result], with_bands=True, url_of=self.dates.url_of)
        query = self.card.result.query
        return with_notes(chart, query.periods, self.service.date_notes, query.scope.course_ids)

    @property
    def periods(self) -> list[tuple[str, Figure]]:
        """The link to each period of the series with its figure."""
        url_of = self.dates.url_of
        return [(url_of(one.metric_value.period), one) for one in self.card.series]

    @property
    def chart_summary(self) -> str:
        return charts.line_chart_summary([self.card.result])

    @property
    def json(self) -> str:
        return self.indicator.api_url + self.result.series_query(self.card)

    @property
    def csv(self) -> str:
        return self.result.series_csv(self.card)

    @property
    def grouping(self) -> str:
        """The grouping chosen, else courses, or the smallest parts of the selected course."""
        if self.chosen_grouping in self._groupings:
            return self.chosen_grouping
        return "course" if self.filters.kpi_query.course is None else self._groupings[-1]

    @property
    def _groupings(self) -> list[str]:
        missing = {
            "module": not self.indicator.has_modules,
            "run": not self.indicator.has_runs,
        }
        return [by for by in GROUPINGS if not missing.get(by)]

    @property
    def grouping_tabs(self) -> list[tuple[LazyText, str, bool]]:
        """Each grouping with its link and whether it is the current one."""
        return [
            (GROUPINGS[by], self.filters.query_string(by=by), by == self.grouping)
            for by in self._groupings
        ]

    @cached_property
    def groups(self) -> list[GroupRow]:
        groups = self.service.groups(
            self.indicator, replace(self.card.result.query, by=self.grouping)
        )
        figures = figures_with_one_scale([one.answer for one in groups])
        rows = []
        for group, figure in zip((one.group for one in groups), figures, strict=True):
            course = group.course if isinstance(group, CourseRun | Module) else None
            of_course = {"course": course.key} if course else {}
            query_string = self.filters.query_string(**of_course, **{self.grouping: group.key})
            course_title = course.title if course else ""
            rows.append(GroupRow(title_of(group), course_title, query_string, figure))
        return rows

    @property
    def hides_groups(self) -> bool:
        return any(row.figure.is_hidden for row in self.groups)

    @property
    def groups_csv(self) -> str:
        return self.result.groups_csv(self.card, self.grouping)

    @cached_property
    def drill_downs(self) -> list[DrillDownTable]:
        is_limited = self.service.reader.is_limited_to_run(self.card.result.query.scope.course_ids)
        shown = self.indicator.drill_downs.values()
        return [self._drill_down_table(one) for one in shown if one.has_runs or not is_limited]

    def _drill_down_table(self, drill_down: DrillDown) -> DrillDownTable:
        period, table = suppressed_tables.suppressed_table(
            drill_down, self.indicator, self.card.result.query, self.service
        )
        url_args = [self.indicator.category, self.indicator.slug, drill_down.key]
        return DrillDownTable(
            drill_down=drill_down,
            period=period_name(period),
            headings=[Cell(one.label, one.unit != TEXT, one.unit) for one in table.columns],
            rows=self._rows(table),
            hides_rows=any(row.get("is_hidden") for row in table.rows),
            csv=reverse("kpis:api-drill-down", args=url_args)
            + self.result.period_query(self.card, format="csv"),
        )

    def _rows(self, table: Table) -> list[list[Cell]]:
        found = row_links.filters_of_rows(table, self.service.reader)
        return [
            [
                replace(
                    _cell(row.get(one.key), one.unit),
                    url=self.filters.query_string(**filters[one.key]) if one.key in filters else "",
                )
                for one in table.columns
            ]
            for row, filters in zip(table.rows, found, strict=True)
        ]


def _cell(value: object, unit: Unit) -> Cell:
    if value is None:
        return Cell(NO_VALUE, unit != TEXT, unit)
    if unit == TEXT or not isinstance(value, int | float):
        return Cell(str(value), unit != TEXT, unit)
    return Cell(unit.text(value), True, unit, float(value))
