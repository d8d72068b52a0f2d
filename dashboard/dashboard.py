"""What the dashboard shows of one category, to one reader, for one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core import reporting_clock
from dashboard import module_table
from dashboard.module_table import ModuleTable
from insights.report import FindingsReport, report
from kpis.definitions.period_names import period_name
from kpis.definitions.registry import REGISTRY, headline
from kpis.query.query_service import KpiQueryService
from kpis.query.results import KpiResult
from presentation import charts, wording
from presentation.cards import Card
from presentation.categories import CATEGORIES, SECTIONS, Category
from presentation.filters import Filters
from presentation.page_query import PageResult, has_any_data, query_page


@dataclass
class Dashboard:
    category: Category
    desk: KpiQueryService
    filters: Filters

    @property
    def tabs(self) -> list[tuple[Category, str, bool]]:
        """Each tab with its address, the filters kept, and whether it is this one."""
        return [
            (one, self.filters.query_string(tab=one.key), one is self.category)
            for one in CATEGORIES.values()
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form of the filters sends along."""
        return [("tab", self.category.key)]

    @property
    def clear(self) -> str:
        return f"?tab={self.category.key}"

    @property
    def hidden_note(self) -> str:
        return wording.hidden_note()

    @property
    def zone(self) -> str:
        return reporting_clock.reporting_zone().key

    @cached_property
    def result(self) -> PageResult:
        place = {key: at for at, key in enumerate(self.category.bars)}
        indicators = headline(self.category.key)
        indicators.sort(key=lambda one: place.get(one.key, len(place)))
        return query_page(self.desk, indicators, self.filters)

    @property
    def cards(self) -> Sequence[Card]:
        return self.result.cards

    @cached_property
    def is_awaiting(self) -> bool:
        """True while nothing of the category has been measured, and nothing special is asked."""
        if self.result.has_data or self.filters.chosen or self.filters.errors:
            return False
        return not has_any_data(headline(self.category.key), self.desk.reader)

    @cached_property
    def findings(self) -> FindingsReport:
        return report(self.desk, self.category.key, self.result)

    @cached_property
    def trend(self) -> list[Card]:
        """The cards whose lines share the chart."""
        by_key = {card.indicator.key: card for card in self.cards}
        return [by_key[key] for key in self.category.trend if key in by_key]

    @property
    def chart(self) -> dict[str, Any]:
        return charts.line_chart(self._trend_replies)

    @property
    def chart_summary(self) -> str:
        return charts.line_chart_summary(self._trend_replies)

    @property
    def _trend_replies(self) -> list[KpiResult]:
        return [card.result for card in self.trend]

    @property
    def trend_csvs(self) -> list[tuple[str, str]]:
        return [(card.indicator.name, self.result.series_csv(card)) for card in self.trend]

    @property
    def module_csvs(self) -> list[tuple[str, str]]:
        cards = [card for card in self.cards if card.indicator.key in self.category.by_module]
        return [(card.indicator.name, self.result.groups_csv(card, "module")) for card in cards]

    @property
    def trend_rows(self) -> list[tuple[str, list[Any]]]:
        """One row per period: its name and the figures of the chart's lines."""
        columns = [card.series for card in self.trend]
        return [(row[0].period, list(row)) for row in zip(*columns, strict=True)]

    @cached_property
    def bars(self) -> list[Card]:
        """The cards that stand against their targets in the chart of bars."""
        by_key = {card.indicator.key: card for card in self.cards}
        return [by_key[key] for key in self.category.bars if key in by_key]

    @property
    def bars_chart(self) -> dict[str, Any]:
        return charts.target_chart(self.bars)

    @property
    def bars_summary(self) -> str:
        return charts.target_chart_summary(self.bars)

    @cached_property
    def modules(self) -> ModuleTable | None:
        """None where the category has no table of modules."""
        indicators = [REGISTRY[key] for key in self.category.by_module]
        return (
            module_table.table(self.desk, indicators, self.result.kpi_query) if indicators else None
        )

    @cached_property
    def sections(self) -> list[tuple[str, dict[str, Any]]]:
        """The template and context of what the category's own app shows."""
        mine = [one for one in SECTIONS if one.category == self.category.key]
        shown = [(one.template, one.show(self.desk, self.result)) for one in mine]
        return [(template, context) for template, context in shown if context is not None]

    @property
    def period(self) -> str:
        question = self.result.kpi_query
        return period_name(question.window or question.current)

    @property
    def lead(self) -> str:
        """How many figures meet their target; empty where none can be compared."""
        verdicts = [card.metric_value.meets_target for card in self.cards]
        judged = [verdict for verdict in verdicts if verdict is not None]
        if not judged:
            return ""
        return f"{sum(judged)} of {len(judged)} figures meet their target."
