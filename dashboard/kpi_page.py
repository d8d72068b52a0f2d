"""What the page of one KPI shows: its card, its groups, its drill-downs, and ways on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.urls import reverse

from core import reporting_clock
from curriculum.models import CourseRun, Module
from kpis.api.response_models import title_of
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import DrillDown, Indicator, has_modules, has_runs
from kpis.definitions.units import NO_VALUE, TEXT, Unit
from kpis.query import suppressed_tables
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GroupResult
from presentation import trend_charts, wording
from presentation.cards import Card
from presentation.categories import CATEGORIES
from presentation.figures import Figure, compared
from presentation.filters import Filters
from presentation.page_query import PageQuery, ask

GROUPS = {"course": "Courses", "run": "Course runs", "module": "Modules"}


@dataclass(frozen=True)
class GroupRow:
    """`query` asks this page of the group alone."""

    title: str
    course: str
    query: str
    figure: Figure


@dataclass(frozen=True)
class Cell:
    """A head or a value of a drill-down as text; numbers stand right."""

    text: str
    is_number: bool


@dataclass(frozen=True)
class DrillTable:
    """A drill-down as texts, with the address of its CSV.

    `period` may be wider than the page's: see `tables.shown`.
    """

    drill: DrillDown
    period: str
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    hides_rows: bool
    csv: str


@dataclass
class KpiPage:
    indicator: Indicator
    desk: KpiQueryService
    filters: Filters
    wanted_by: str

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form of the filters sends along."""
        return [("by", self.wanted_by)] if self.wanted_by else []

    @property
    def clear(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])

    @property
    def hidden_note(self) -> str:
        return wording.why_hidden()

    @property
    def zone(self) -> str:
        return reporting_clock.reporting_zone().key

    @cached_property
    def asked(self) -> PageQuery:
        return ask(self.desk, [self.indicator], self.filters)

    @property
    def card(self) -> Card:
        return self.asked.cards[0]

    @property
    def category_title(self) -> str:
        return str(CATEGORIES[self.indicator.category].title)

    @property
    def dashboard_url(self) -> str:
        query = self.filters.query(tab=self.indicator.category)
        return f"{reverse('dashboard:dashboard')}{query}"

    @property
    def period(self) -> str:
        question = self.asked.question
        return period_name(question.window or question.current)

    @property
    def chart(self) -> dict[str, Any]:
        return trend_charts.chart([self.card.reply], with_bands=True)

    @property
    def chart_summary(self) -> str:
        return trend_charts.summary([self.card.reply])

    @property
    def by(self) -> str:
        """What the groups are: as asked, else the nearest parts of what is shown."""
        if self.wanted_by in self._ways:
            return self.wanted_by
        return "course" if self.filters.question.course is None else self._ways[-1]

    @property
    def _ways(self) -> list[str]:
        unknown = {
            "module": not has_modules(self.indicator),
            "run": not has_runs(self.indicator),
        }
        return [by for by in GROUPS if not unknown.get(by)]

    @property
    def group_tabs(self) -> list[tuple[str, str, bool]]:
        """The name, address and whether it is this one, of each way to group."""
        return [(GROUPS[by], self.filters.query(by=by), by == self.by) for by in self._ways]

    @cached_property
    def groups(self) -> list[GroupRow]:
        question = replace(self.card.reply.query, by=self.by)
        groups = self.desk.groups(self.indicator, question)
        figures = compared([group.answer for group in groups])
        return [self._group_row(*pair) for pair in zip(groups, figures, strict=True)]

    def _group_row(self, group: GroupResult, figure: Figure) -> GroupRow:
        thing = group.group
        course = thing.course if isinstance(thing, CourseRun | Module) else None
        asked = {"course": course.key} if course else {}
        query = self.filters.query(**asked, **{self.by: thing.key})
        return GroupRow(title_of(thing), course.title if course else "", query, figure)

    @property
    def hides_groups(self) -> bool:
        return any(row.figure.is_hidden for row in self.groups)

    @cached_property
    def drill_downs(self) -> list[DrillTable]:
        return [self._drill_table(drill) for drill in self.indicator.drill_downs.values()]

    def _drill_table(self, drill: DrillDown) -> DrillTable:
        question = self.card.reply.query
        period, table = suppressed_tables.suppressed_table(
            drill, self.indicator, question, self.desk
        )
        return DrillTable(
            drill=drill,
            period=period_name(period),
            heads=[Cell(one.label, one.unit != TEXT) for one in table.columns],
            rows=[
                [_cell(row.get(one.key), one.unit) for one in table.columns] for row in table.rows
            ],
            hides_rows=any(row.get("is_hidden") for row in table.rows),
            csv=self._drill_csv(drill),
        )

    def _drill_csv(self, drill: DrillDown) -> str:
        names = [self.indicator.category, self.indicator.slug, drill.key]
        query = self.asked.period_query(self.card, format="csv")
        return reverse("kpis:api-drill-down", args=names) + query

    @property
    def api(self) -> str:
        return self.indicator.api_url + self.asked.series_query(self.card)

    @property
    def csv(self) -> str:
        return self.asked.series_csv(self.card)

    @property
    def groups_csv(self) -> str:
        return self.asked.groups_csv(self.card, self.by)

    @property
    def targets(self) -> str:
        return f"{reverse('admin:kpis_target_changelist')}?kpi={self.indicator.key}"


def _cell(value: object, unit: Unit) -> Cell:
    """A value of a drill-down; an en dash for None."""
    if value is None:
        return Cell(NO_VALUE, unit != TEXT)
    text = unit.text(value) if isinstance(value, int | float) else str(value)
    return Cell(text, unit != TEXT)
