"""The data of the dashboard page: the KPIs of one category for one reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from core import localized
from dashboard.module_table import ModuleTable, module_table
from insights.report import SHOWN, FindingsReport, report
from kpis.definitions.registry import REGISTRY, headline
from kpis.query.query_service import KpiQueryService
from presentation import charts
from presentation.categories import CATEGORIES, SECTIONS, Category, Section
from presentation.chart_notes import with_notes
from presentation.date_choice import DateChoice
from presentation.figures import Figure
from presentation.filters import Filters
from presentation.page_query import Card, PageResult, has_any_data, query_page

MODULES_SHOWN = 40
# the value of the parameter `show`
COMPLETE = "all"
# of whole pages
FILE_KINDS = {"pdf": "PDF", "xlsx": "Excel", "csv": "CSV"}  # not translated: names


@dataclass
class Dashboard:
    """One tab; unless `is_complete`, long lists are cut, with a link to all of them."""

    category: Category
    service: KpiQueryService
    filters: Filters
    is_complete: bool = False

    @property
    def tabs(self) -> list[tuple[Category, str, bool]]:
        """Each tab with its link, which keeps the filters, and whether it is the current one."""
        return [
            (one, self.filters.query_string(tab=one.key), one is self.category)
            for one in CATEGORIES.values()
        ]

    @property
    def files(self) -> list[tuple[str, str]]:
        """The page as files of each kind, under the same filters."""
        query_string = self.filters.query_string(tab=self.category.key)
        return [
            (name, reverse("dashboard:dashboard-file", args=[kind]) + query_string)
            for kind, name in FILE_KINDS.items()
        ]

    @property
    def report_url(self) -> str:
        """Where readers subscribe to this page, under the same filters."""
        return reverse("dashboard:reports") + self.filters.query_string(shown=self.category.key)

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]:
        return [("tab", self.category.key)]

    @cached_property
    def dates(self) -> DateChoice:
        return DateChoice(self.filters, self.result.kpi_query, dict(self.hidden_inputs))

    @property
    def clear_url(self) -> str:
        return f"?tab={self.category.key}"

    @property
    def complete_url(self) -> str:
        return self.filters.query_string(tab=self.category.key, show=COMPLETE)

    @cached_property
    def result(self) -> PageResult:
        positions = {key: at for at, key in enumerate(self.category.bars)}
        indicators = headline(self.category.key)
        indicators.sort(key=lambda one: positions.get(one.key, len(positions)))
        return query_page(self.service, indicators, self.filters)

    @property
    def cards(self) -> Sequence[Card]:
        return self.result.cards

    @cached_property
    def has_never_had_data(self) -> bool:
        """True if no KPI of the category has been measured and no filter is set."""
        if self.result.has_data or self.filters.chosen or self.filters.errors:
            return False
        return not has_any_data(headline(self.category.key), self.service.reader)

    @property
    def targets_met(self) -> str:
        """How many KPIs meet their targets; empty if none can be compared with one."""
        verdicts = [card.metric_value.meets_target for card in self.cards]
        compared = [verdict for verdict in verdicts if verdict is not None]
        if not compared:
            return ""
        return gettext("Targets met: %(met)s of %(count)s") % {
            "met": localized.number(sum(compared)),
            "count": localized.number(len(compared)),
        }

    @cached_property
    def findings(self) -> FindingsReport:
        most = None if self.is_complete else SHOWN
        return report(self.service, self.category.key, self.result, most)

    @cached_property
    def trend(self) -> list[Card]:
        """The cards in the line chart."""
        return self._cards_of(self.category.trend)

    @property
    def trend_chart(self) -> dict[str, Any]:
        results = [card.result for card in self.trend]
        chart = charts.line_chart(results, url_of=self.dates.url_of)
        query = self.result.kpi_query
        return with_notes(chart, query.periods, self.service.date_notes, query.scope.course_ids)

    @property
    def trend_summary(self) -> str:
        return charts.line_chart_summary([card.result for card in self.trend])

    @property
    def trend_rows(self) -> list[tuple[str, list[Figure]]]:
        """The link to each period with the figures of the line chart."""
        columns = [card.series for card in self.trend]
        url_of = self.dates.url_of
        return [
            (url_of(row[0].metric_value.period), list(row)) for row in zip(*columns, strict=True)
        ]

    @property
    def trend_csvs(self) -> list[tuple[str, str]]:
        return [(card.indicator.name, self.result.series_csv(card)) for card in self.trend]

    @cached_property
    def bars(self) -> list[Card]:
        """The cards in the chart of actual values and targets."""
        return self._cards_of(self.category.bars)

    @property
    def bars_chart(self) -> dict[str, Any]:
        kept = self.filters.query_string()
        return charts.target_chart(self.bars, lambda card: f"{card.page}{kept}")

    @property
    def bars_summary(self) -> str:
        return charts.target_chart_summary(self.bars)

    def _cards_of(self, keys: Sequence[str]) -> list[Card]:
        by_key = {card.indicator.key: card for card in self.cards}
        return [by_key[key] for key in keys if key in by_key]

    @cached_property
    def modules(self) -> ModuleTable | None:
        """None if the category has no table of modules."""
        indicators = [REGISTRY[key] for key in self.category.by_module]
        if not indicators:
            return None
        most = None if self.is_complete else MODULES_SHOWN
        return module_table(self.service, indicators, self.result.kpi_query, most)

    @property
    def module_csvs(self) -> list[tuple[str, str]]:
        cards = self._cards_of(self.category.by_module)
        return [(card.indicator.name, self.result.groups_csv(card, "module")) for card in cards]

    @property
    def sections(self) -> list[tuple[str, dict[str, Any]]]:
        """The templates and contexts of the sections that the category's app adds."""
        return [(one.template, context) for one, context in self.shown_sections]

    @cached_property
    def shown_sections(self) -> list[tuple[Section, dict[str, Any]]]:
        if self.service.reader.is_limited_to_run(self.result.kpi_query.scope.course_ids):
            # they are about whole courses
            return []
        mine = [one for one in SECTIONS if one.category == self.category.key]
        shown = [(one, one.show(self.service, self.result)) for one in mine]
        return [(one, context) for one, context in shown if context is not None]
