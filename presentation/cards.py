"""The card of one KPI: its figure, how it changed, its components and the last periods."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from kpis.definitions.registry import Indicator
from kpis.query.metric_values import MetricValue
from kpis.query.results import KpiResult
from presentation import svg_drawings, wording
from presentation.figures import Figure, Verdict


@dataclass(frozen=True)
class Card:
    """`note` says where it answers a wider question than was asked."""

    result: KpiResult
    note: str = ""

    @property
    def indicator(self) -> Indicator:
        return self.result.indicator

    @property
    def metric_value(self) -> MetricValue:
        """Of the window asked for, else of the last period that is over."""
        return self.result.window or self.result.current

    @property
    def figure(self) -> Figure:
        return Figure(self.metric_value)

    @property
    def change(self) -> Verdict | None:
        """How the last period stands to the one before it; None when one has no value."""
        change, unit = self.result.change, self.indicator.unit
        if change is None:
            return None
        before = f"{Figure(self.result.previous).value} in {Figure(self.result.previous).period}"
        if wording.rounds_to_zero(unit, change):
            return Verdict(f"{self._since}Unchanged from {before}", None)
        way = "Up" if change > 0 else "Down"
        is_few = self.result.current.is_few or self.result.previous.is_few
        is_good = None if is_few else (change > 0) is self.indicator.higher_is_better
        return Verdict(
            f"{self._since}{way} {wording.difference_text(unit, change)} from {before}", is_good
        )

    @property
    def _since(self) -> str:
        """Which period changed, where the card's figure is of the whole window."""
        return f"{Figure(self.result.current).period}: " if self.result.window else ""

    @property
    def components(self) -> list[Figure]:
        """Those that the value is put together from; companions have cards of their own."""
        whole = self.indicator.parts
        return [Figure(answer) for answer in self.result.components] if whole else []

    @property
    def series(self) -> list[Figure]:
        return [Figure(answer) for answer in self.result.series]

    @property
    def spark(self) -> svg_drawings.Spark | None:
        return svg_drawings.spark(self.result.series)

    @property
    def shows_targets(self) -> bool:
        return self.result.query.compare != "previous"

    @property
    def shows_change(self) -> bool:
        return self.result.query.compare != "target"

    @property
    def page(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])
