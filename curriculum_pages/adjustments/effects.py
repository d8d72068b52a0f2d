"""The measured effect of an adjustment, for a reader who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext

from alerts.pages.alert_card import AlertCard
from core import localized
from improvement.effects import EffectResult, sentence
from improvement.effects.results import IMPROVED, WORSENED, WindowFigures
from improvement.models import Adjustment
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import NO_VALUE, PERCENT, Unit
from kpis.query.query_service import KpiQueryService
from presentation import figures

Row = tuple[str, str]


@dataclass(frozen=True)
class Effect:
    """`sentence` is empty until the effect is measured; a hidden one has no other figures."""

    sentence: str = ""
    result: EffectResult | None = None

    @property
    def verdict(self) -> str:
        """The outcome in a few words, for a table."""
        if self.result is None or not self.result.is_known:
            return self.sentence
        outcome = {
            IMPROVED: gettext("Improved: %(interval)s"),
            WORSENED: gettext("Worsened: %(interval)s"),
        }.get(self.result.outcome, gettext("Cannot be said: %(interval)s"))
        return outcome % {"interval": self._interval(self.result)}

    @property
    def css_class(self) -> str:
        outcome = self.result.outcome if self.result else ""
        return {IMPROVED: "good", WORSENED: "bad"}.get(outcome, "")

    @property
    def rows(self) -> list[Row]:
        """The figures behind the sentence."""
        result = self.result
        if result is None or not result.is_known or result.before is None or result.after is None:
            return []
        rows = [
            self._window(gettext("Before: %(days)s"), result.before),
            self._window(gettext("After: %(days)s"), result.after),
            (gettext("Difference as observed"), self._signed(result.observed)),
            (gettext("Effect, with its 95% interval"), self._with_interval(result)),
        ]
        if result.names_controls:
            rows.append((gettext("Change where nothing was changed"), self._controls(result)))
        if result.alike:
            rows.append((gettext("Change after similar alerts"), self._alike(result)))
        return rows

    def _window(self, title: str, window: WindowFigures) -> Row:
        last = date.fromisoformat(window.after) - timedelta(days=1)
        days = gettext("%(first)s to %(last)s") % {
            "first": localized.day(date.fromisoformat(window.first)),
            "last": localized.day(last),
        }
        return title % {"days": days}, gettext("%(value)s (n = %(n)s)") % {
            "value": self._unit.text(window.value),
            "n": localized.number(window.n),
        }

    def _with_interval(self, result: EffectResult) -> str:
        return gettext("%(effect)s (%(interval)s)") % {
            "effect": self._signed(result.value),
            "interval": self._interval(result),
        }

    def _interval(self, result: EffectResult) -> str:
        return gettext("%(low)s to %(high)s") % {
            "low": self._signed(result.low),
            "high": self._signed(result.high),
        }

    def _controls(self, result: EffectResult) -> str:
        return self._count(result.controls_change, result.controls)

    def _alike(self, result: EffectResult) -> str:
        return self._count(result.alike_change, result.alike)

    def _count(self, change: float | None, count: int) -> str:
        return gettext("%(change)s (mean of %(count)s)") % {
            "change": self._signed(change),
            "count": localized.number(count),
        }

    def _signed(self, difference: float | None) -> str:
        """A difference with its sign; an open end of an interval is a dash."""
        if difference is None:
            return NO_VALUE
        shown = difference * self._unit.scale
        if figures.rounds_to_zero(self._unit, shown):
            return figures.difference_text(self._unit, 0)
        sign = "−" if shown < 0 else "+"
        return f"{sign}{figures.difference_text(self._unit, shown)}"

    @property
    def _unit(self) -> Unit:
        return REGISTRY[self.result.kpi].unit if self.result else PERCENT


def effect_of(adjustment: Adjustment, alert: AlertCard | None, service: KpiQueryService) -> Effect:
    if not adjustment.effect:
        return Effect()
    sees_small_groups = service.reader.sees_small_groups
    result = EffectResult.from_json(adjustment.effect)
    has_hidden_alert = alert is not None and alert.is_hidden
    if not sees_small_groups and (result.is_small or has_hidden_alert):
        return Effect(figures.hidden_note())
    text = sentence(result, sees_small_groups=sees_small_groups)
    return Effect(text, result if result.kpi in REGISTRY else None)
