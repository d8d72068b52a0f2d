"""The card of one KPI: its figure, how it changed, its components and the last periods."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from kpis.definitions.registry import Indicator
from kpis.query.results import KpiResult, MetricValue
from presentation import drawing, wording
from presentation.figures import Figure, Verdict


@dataclass(frozen=True)
class Card:
    """`note` says where it answers a wider question than was asked."""

    reply: KpiResult
    note: str = ""

    @property
    def indicator(self) -> Indicator:
        return self.reply.indicator

    @property
    def answer(self) -> MetricValue:
        """Of the window asked for, else of the last period that is over."""
        return self.reply.window or self.reply.current

    @property
    def figure(self) -> Figure:
        return Figure(self.answer)

    @property
    def change(self) -> Verdict | None:
        """How the last period stands to the one before it; None when one has no value."""
        change, unit = self.reply.change, self.indicator.unit
        if change is None:
            return None
        before = f"{Figure(self.reply.previous).value} in {Figure(self.reply.previous).period}"
        if wording.is_level(unit, change):
            return Verdict(f"{self._since}Unchanged from {before}", None)
        way = "Up" if change > 0 else "Down"
        is_few = self.reply.current.is_few or self.reply.previous.is_few
        is_good = None if is_few else (change > 0) is self.indicator.higher_is_better
        return Verdict(f"{self._since}{way} {wording.gap(unit, change)} from {before}", is_good)

    @property
    def _since(self) -> str:
        """Which period changed, where the card's figure is of the whole window."""
        return f"{Figure(self.reply.current).period}: " if self.reply.window else ""

    @property
    def components(self) -> list[Figure]:
        """Those that the value is put together from; companions have cards of their own."""
        whole = self.indicator.parts
        return [Figure(answer) for answer in self.reply.components] if whole else []

    @property
    def series(self) -> list[Figure]:
        return [Figure(answer) for answer in self.reply.series]

    @property
    def spark(self) -> drawing.Spark | None:
        return drawing.spark(self.reply.series)

    @property
    def shows_targets(self) -> bool:
        return self.reply.query.compare != "previous"

    @property
    def shows_change(self) -> bool:
        return self.reply.query.compare != "target"

    @property
    def page(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])
