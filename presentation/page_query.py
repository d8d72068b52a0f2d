"""What pages ask of several KPIs at once, opened at the last data where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpis.definitions.period_names import period_name
from kpis.definitions.registry import Indicator, has_modules, has_runs
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from presentation import default_period
from presentation.cards import Card
from presentation.filters import Filters

WIDER = {
    "module": "Of the whole course: this figure cannot be told apart by module.",
    "run": "Of the whole course: this figure cannot be told apart by run.",
}


@dataclass
class PageQuery:
    """A question and its replies, moved to the last data where its own periods are empty.

    `opened_at` names the period moved to; None where the question stands as it was asked.
    """

    filters: Filters
    question: KpiQuery
    cards: Sequence[Card]
    opened_at: str | None = None

    def series_query(self, card: Card, **more: str) -> str:
        """What has the API answer the periods that the page shows."""
        return self.filters.query(**self._scope(card), **self._moved("to"), **more)

    def period_query(self, card: Card, **more: str) -> str:
        """What has the API answer the groups and tables of the one period on the page."""
        return self.filters.query(**self._scope(card), **self._moved("from", "to"), **more)

    def _scope(self, card: Card) -> dict[str, str]:
        """What the card's KPI cannot be told apart by is left out, and its course put in."""
        shown = card.reply.query
        left_out = [
            name
            for name in ("run", "module")
            if getattr(self.question, name) and not getattr(shown, name)
        ]
        course = {"course": shown.course.key} if left_out and shown.course else {}
        return course | dict.fromkeys(left_out, "")

    def _moved(self, *ends: str) -> dict[str, str]:
        shown = self.question.current
        days = {"from": shown.first.isoformat(), "to": shown.last.isoformat()}
        return {end: days[end] for end in ends} if self.opened_at else {}

    def series_csv(self, card: Card) -> str:
        return card.indicator.api_url + self.series_query(card, format="csv")

    def groups_csv(self, card: Card, by: str) -> str:
        return card.indicator.api_url + self.period_query(card, by=by, format="csv")

    @property
    def usual(self) -> str:
        """The query for the usual periods, empty as they are."""
        return self.filters.query(**{"from": self.filters.question.periods[0].first.isoformat()})

    @property
    def why_period(self) -> str:
        """Why the page shows the period that it does, where nobody has chosen one."""
        question = self.question
        if question.window or self.opened_at or question.current.is_open(question.now):
            return ""
        return f"the last closed {question.kind}"

    @property
    def has_data(self) -> bool:
        return any(answer.is_shown for card in self.cards for answer in card.reply.series)


def ask(desk: KpiQueryService, indicators: Sequence[Indicator], filters: Filters) -> PageQuery:
    """Ask the KPIs; where their usual periods are empty, open at the last data there are."""
    asked = PageQuery(filters, filters.question, _cards(desk, indicators, filters.question))
    if asked.has_data or not indicators or {"from", "to"} & set(filters.chosen):
        return asked
    last = default_period.last_with_data(indicators, filters.question)
    if last is None or last in filters.question.periods:
        return asked
    question = default_period.ending_at(filters.question, last)
    cards = _cards(desk, indicators, question)
    return PageQuery(filters, question, cards, period_name(question.current))


def _cards(
    desk: KpiQueryService, indicators: Sequence[Indicator], question: KpiQuery
) -> list[Card]:
    return [card(desk, indicator, question) for indicator in indicators]


def card(desk: KpiQueryService, indicator: Indicator, question: KpiQuery) -> Card:
    """Ask one KPI; of a run or module only where it can be told apart, else of the course."""
    knows_run = question.run is None or has_runs(indicator)
    knows_module = question.module is None or has_modules(indicator)
    if knows_run and knows_module:
        return Card(desk.ask(indicator, question))
    scope = replace(
        question.scope,
        run_id=question.scope.run_id if knows_run else None,
        module_id=question.scope.module_id if knows_module else None,
    )
    wider = replace(
        question,
        run=question.run if knows_run else None,
        module=question.module if knows_module else None,
        scope=scope,
    )
    return Card(desk.ask(indicator, wider), note=WIDER["run" if knows_module else "module"])
