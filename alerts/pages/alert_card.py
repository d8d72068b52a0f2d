"""One alert as people read it; what tells of small groups is left out for who may not see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from alerts.evaluation import event_texts
from alerts.models import Alert, AlertRule
from core import localized, reporting_clock
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE
from presentation import wording as words

Metric = AlertRule.Metric


@dataclass(frozen=True)
class AlertCard:
    """`told_of` is the first day of the period that the alert's figures are of."""

    alert: Alert
    place: str
    told_of: date
    is_hidden: bool
    now: datetime

    @property
    def rule(self) -> AlertRule:
        return self.alert.rule

    @property
    def indicator(self) -> Indicator | None:
        """None for a KPI that there is no more."""
        return REGISTRY.get(self.rule.kpi)

    @property
    def kpi_name(self) -> str:
        return self.indicator.name if self.indicator else self.rule.kpi

    @property
    def url(self) -> str:
        return reverse("alerts:alert", args=[self.alert.pk])

    @property
    def has_figures(self) -> bool:
        return self.indicator is not None and not self.is_hidden

    @property
    def period(self) -> Period:
        return containing(self.told_of, self.rule.period_kind, reporting_clock.reporting_zone())

    @property
    def value(self) -> str:
        return self._figure(self.alert.value)

    @property
    def target(self) -> str:
        """As targets are written, 85%; a dash for a rule that judges against none."""
        if self.indicator is None or self.alert.target is None or self.is_change:
            return NO_VALUE
        if self.is_stale:
            return f"{self.alert.target:g} days"
        return words.target_text(self.indicator.unit, self.alert.target)

    @property
    def interval(self) -> str:
        if self.alert.ci_low is None or self.alert.ci_high is None or not self.has_figures:
            return NO_VALUE
        return f"{self._figure(self.alert.ci_low)} to {self._figure(self.alert.ci_high)}"

    @property
    def n(self) -> str:
        return NO_VALUE if self.is_hidden or self.is_stale else localized.number(self.alert.n)

    def _figure(self, value: float | None) -> str:
        if value is None or not self.has_figures:
            return NO_VALUE
        return f"{value:.0f} days" if self.is_stale else event_texts.figure(self.rule, value)

    @property
    def gap(self) -> str:
        """The distance from the target and its side; a dash where there is nothing to compare."""
        value, target = self.alert.value, self.alert.target
        if self.indicator is None or self.is_hidden or value is None or target is None:
            return NO_VALUE
        unit, side = self.indicator.unit, "above" if value > target else "below"
        if self.is_stale:
            return f"{abs(value - target):.0f} days {'over' if value > target else 'within'}"
        if self.is_change:
            return f"{'up' if value > 0 else 'down'} {words.difference_text(unit, value)}"
        return f"{words.difference_text(unit, value - target)} {side}"

    @property
    def sentence(self) -> str:
        """The figures in one sentence."""
        if self.is_stale:
            return f"The data ended {self.value} ago; after {self.target} they are out of date."
        period = period_name(self.period)
        if self.is_hidden:
            return f"{period}: {words.hidden_note()}"
        if self.alert.value is None or self.indicator is None:
            return f"{period}: no value."
        if self.is_change:
            return f"{period}: {self.gap} since the period before."
        return f"{period}: {self.value}, {self.gap} the target of {self.target}."

    @property
    def is_stale(self) -> bool:
        return self.rule.metric == Metric.STALE

    @property
    def is_change(self) -> bool:
        return self.rule.metric == Metric.CHANGE

    @property
    def is_snoozed(self) -> bool:
        until = self.alert.snoozed_until
        return self.alert.is_open and until is not None and until > self.now

    @property
    def state(self) -> str:
        """What it is in one word, or how it ended."""
        if self.alert.is_open:
            return self.alert.get_state_display()
        if self.alert.is_expected:
            return "Closed as expected"
        return "Recovered" if self.alert.state == Alert.State.OK else "Closed"

    @property
    def since(self) -> str:
        """From the first period that was beyond to the moment of its end, if it has one."""
        first = containing(
            self.alert.first_period_start, self.rule.period_kind, reporting_clock.reporting_zone()
        )
        opened = words.moment(self.alert.opened_at)
        began = f"Opened {opened}" if self.is_stale else f"Since {period_name(first)}"
        if self.alert.closed_at:
            return f"{began}, closed {words.moment(self.alert.closed_at)}"
        return began if self.is_stale else f"{began}, opened {opened}"

    @property
    def snoozed_until(self) -> str:
        return words.moment(self.alert.snoozed_until)
