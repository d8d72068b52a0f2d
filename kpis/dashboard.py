"""What the dashboard shows of one category, to one reader, for one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from kpis import bars, clock, modules, opening, present, trends, wording
from kpis.ask import Desk
from kpis.cards import Card
from kpis.categories import CATEGORIES, SECTIONS, Category
from kpis.filters import Filters
from kpis.findings.report import Report, report
from kpis.modules import ModuleTable
from kpis.question import Question
from kpis.registry import REGISTRY, Indicator, has_modules, has_runs, headline
from kpis.replies import Reply

WIDER = {
    "module": "Of the whole course: this figure cannot be told apart by module.",
    "run": "Of the whole course: this figure cannot be told apart by run.",
}


@dataclass
class Asked:
    """A question and its replies, moved to the last data where its own periods are empty.

    `opened_at` names the period moved to; None where the question stands as it was asked.
    """

    filters: Filters
    question: Question
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
        shown = card.reply.question
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
        return present.api_url(card.indicator) + self.series_query(card, format="csv")

    def groups_csv(self, card: Card, by: str) -> str:
        return present.api_url(card.indicator) + self.period_query(card, by=by, format="csv")

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


@dataclass
class Dashboard:
    category: Category
    desk: Desk
    filters: Filters

    @property
    def tabs(self) -> list[tuple[Category, str, bool]]:
        """Each tab with its address, the filters kept, and whether it is this one."""
        return [
            (one, self.filters.query(tab=one.key), one is self.category)
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
        return wording.why_hidden()

    @property
    def zone(self) -> str:
        return clock.zone().key

    @cached_property
    def asked(self) -> Asked:
        place = {key: at for at, key in enumerate(self.category.bars)}
        indicators = headline(self.category.key)
        indicators.sort(key=lambda one: place.get(one.key, len(place)))
        return ask(self.desk, indicators, self.filters)

    @property
    def cards(self) -> Sequence[Card]:
        return self.asked.cards

    @cached_property
    def is_awaiting(self) -> bool:
        """True while nothing of the category has been measured, and nothing special is asked."""
        if self.asked.has_data or self.filters.chosen or self.filters.errors:
            return False
        return not opening.has_any(headline(self.category.key), self.desk.reader)

    @cached_property
    def findings(self) -> Report:
        return report(self.desk, self.category.key, self.asked)

    @cached_property
    def trend(self) -> list[Card]:
        """The cards whose lines share the chart."""
        by_key = {card.indicator.key: card for card in self.cards}
        return [by_key[key] for key in self.category.trend if key in by_key]

    @property
    def chart(self) -> dict[str, Any]:
        return trends.chart(self._trend_replies)

    @property
    def chart_summary(self) -> str:
        return trends.summary(self._trend_replies)

    @property
    def _trend_replies(self) -> list[Reply]:
        return [card.reply for card in self.trend]

    @property
    def trend_csvs(self) -> list[tuple[str, str]]:
        return [(card.indicator.name, self.asked.series_csv(card)) for card in self.trend]

    @property
    def module_csvs(self) -> list[tuple[str, str]]:
        cards = [card for card in self.cards if card.indicator.key in self.category.by_module]
        return [(card.indicator.name, self.asked.groups_csv(card, "module")) for card in cards]

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
        return bars.chart(self.bars)

    @property
    def bars_summary(self) -> str:
        return bars.summary(self.bars)

    @cached_property
    def modules(self) -> ModuleTable | None:
        """None where the category has no table of modules."""
        indicators = [REGISTRY[key] for key in self.category.by_module]
        return modules.table(self.desk, indicators, self.asked.question) if indicators else None

    @cached_property
    def sections(self) -> list[tuple[str, dict[str, Any]]]:
        """The template and context of what the category's own app shows."""
        mine = [one for one in SECTIONS if one.category == self.category.key]
        shown = [(one.template, one.show(self.desk, self.asked)) for one in mine]
        return [(template, context) for template, context in shown if context is not None]

    @property
    def period(self) -> str:
        question = self.asked.question
        return wording.period_name(question.window or question.current)

    @property
    def lead(self) -> str:
        """How many figures meet their target; empty where none can be compared."""
        verdicts = [card.answer.meets_target for card in self.cards]
        judged = [verdict for verdict in verdicts if verdict is not None]
        if not judged:
            return ""
        return f"{sum(judged)} of {len(judged)} figures meet their target."


def ask(desk: Desk, indicators: Sequence[Indicator], filters: Filters) -> Asked:
    """Ask the KPIs; where their usual periods are empty, open at the last data there are."""
    asked = Asked(filters, filters.question, _cards(desk, indicators, filters.question))
    if asked.has_data or not indicators or {"from", "to"} & set(filters.chosen):
        return asked
    last = opening.last_with_data(indicators, filters.question)
    if last is None or last in filters.question.periods:
        return asked
    question = opening.up_to(filters.question, last)
    cards = _cards(desk, indicators, question)
    return Asked(filters, question, cards, wording.period_name(question.current))


def _cards(desk: Desk, indicators: Sequence[Indicator], question: Question) -> list[Card]:
    return [card(desk, indicator, question) for indicator in indicators]


def card(desk: Desk, indicator: Indicator, question: Question) -> Card:
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
