"""The card of one KPI: its value, target, change, components and recent periods."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from core.lazy_text import LazyText
from kpis.definitions.registry import Indicator
from kpis.query.results import KpiResult, MetricValue
from presentation import svg_drawings, wording
from presentation.figures import Figure, Verdict


@dataclass(frozen=True)
class Card:
    """`note` explains why the card shows more than the page's filters select."""

    result: KpiResult
    note: LazyText = ""

    @property
    def indicator(self) -> Indicator:
        return self.result.indicator

    @property
    def metric_value(self) -> MetricValue:
        """The value of the selected dates, else of the last closed period."""
        return self.result.window or self.result.current

    @property
    def figure(self) -> Figure:
        return Figure(self.metric_value)

    @property
    def change(self) -> Verdict | None:
        """The last period compared with the previous one; None if one has no value."""
        change, current = self.result.change, self.result.current
        if change is None:
            return None
        unit, previous = self.indicator.unit, Figure(self.result.previous)
        values = {
            "difference": wording.difference_text(unit, change),
            "before": previous.value,
            "period": previous.period,
        }
        is_good = None
        if wording.rounds_to_zero(unit, change):
            text = gettext("Unchanged from %(before)s in %(period)s") % values
        else:
            if not (current.is_few or self.result.previous.is_few):
                is_good = (change > 0) is self.indicator.higher_is_better
            if change > 0:
                text = gettext("Up %(difference)s from %(before)s in %(period)s") % values
            else:
                text = gettext("Down %(difference)s from %(before)s in %(period)s") % values
        if self.result.window:
            # the card's value is of the whole window, its change of the last period
            text = f"{Figure(current).period}: {text}"
        return Verdict(text, is_good)

    @property
    def components(self) -> list[Figure]:
        """The components of a composite; companions of a KPI have cards of their own."""
        is_composite = self.indicator.parts
        return [Figure(one) for one in self.result.components] if is_composite else []

    @property
    def series(self) -> list[Figure]:
        return [Figure(one) for one in self.result.series]

    @property
    def sparkline(self) -> svg_drawings.Sparkline | None:
        return svg_drawings.sparkline(self.result.series)

    @property
    def shows_targets(self) -> bool:
        return self.result.query.compare != "previous"

    @property
    def shows_change(self) -> bool:
        return self.result.query.compare != "target"

    @property
    def page(self) -> str:
        return reverse("dashboard:kpi", args=[self.indicator.key])
