"""One alert as pages show it, without the figures of small groups that its reader must not see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext, pgettext

from alerts.evaluation import event_texts
from alerts.models import Alert, AlertRule
from alerts.shipped_rules import display_name
from alerts.titles import title_of
from core import localized, reporting_clock
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE
from presentation import figures


@dataclass(frozen=True)
class AlertCard:
    """`figures_start` is the first day of the period that the alert's figures belong to."""

    alert: Alert
    scope_name: str
    figures_start: date
    is_hidden: bool
    now: datetime

    @property
    def rule(self) -> AlertRule:
        return self.alert.rule

    @property
    def rule_name(self) -> str:
        return display_name(self.rule.name, self.rule.kpi)

    @property
    def title(self) -> str:
        """What the alert is about and what its rule says, in one line."""
        return title_of(self.scope_name, self.rule.name, self.rule.kpi)

    @property
    def indicator(self) -> Indicator | None:
        """None if the KPI no longer exists."""
        return REGISTRY.get(self.rule.kpi)

    @property
    def kpi_name(self) -> str:
        return self.indicator.name if self.indicator else self.rule.kpi

    @property
    def url(self) -> str:
        return reverse("alerts:alert", args=[self.alert.pk])

    @property
    def period(self) -> Period:
        return containing(
            self.figures_start, self.rule.period_kind, reporting_clock.reporting_zone()
        )

    @property
    def value(self) -> str:
        return self._value_text(self.alert.value)

    @property
    def target(self) -> str:
        """The target, such as 85%; a dash for a change, which has none."""
        if self.indicator is None or self.alert.target is None or self.is_change:
            return NO_VALUE
        if self.is_stale:
            return event_texts.age_text(self.alert.target)
        return figures.target_text(self.indicator.unit, self.alert.target)

    @property
    def interval(self) -> str:
        if self.alert.ci_low is None or self.alert.ci_high is None:
            return NO_VALUE
        if self.indicator is None or self.is_hidden:
            return NO_VALUE
        return gettext("%(low)s to %(high)s") % {
            "low": self._value_text(self.alert.ci_low),
            "high": self._value_text(self.alert.ci_high),
        }

    @property
    def n(self) -> str:
        return NO_VALUE if self.is_hidden or self.is_stale else localized.number(self.alert.n)

    def _value_text(self, value: float | None) -> str:
        if value is None or self.indicator is None or self.is_hidden:
            return NO_VALUE
        if self.is_stale:
            return event_texts.age_text(value)
        return event_texts.value_text(self.rule, value)

    @property
    def gap(self) -> str:
        """The distance from the target and its direction; a dash without value or target."""
        value, target = self.alert.value, self.alert.target
        if self.indicator is None or self.is_hidden or value is None or target is None:
            return NO_VALUE
        if self.is_stale:
            age = {"age": event_texts.age_text(abs(value - target))}
            return (
                gettext("%(age)s over the limit") if value > target else gettext("%(age)s left")
            ) % age
        difference = value if self.is_change else value - target
        amount = {"amount": figures.difference_text(self.indicator.unit, difference)}
        if value == target:
            return gettext("On target")
        if self.is_change:
            return (gettext("up %(amount)s") if value > 0 else gettext("down %(amount)s")) % amount
        return (
            gettext("%(amount)s above") if value > target else gettext("%(amount)s below")
        ) % amount

    @property
    def sentence(self) -> str:
        """The figures in one sentence."""
        if self.is_stale:
            return gettext(
                "The latest data is %(age)s old; data counts as stale after %(limit)s."
            ) % {"age": self.value, "limit": self.target}
        period = {"period": period_name(self.period)}
        if self.is_hidden:
            return f"{period['period']}: {figures.hidden_note()}"
        value, target = self.alert.value, self.alert.target
        if value is None or self.indicator is None:
            return gettext("%(period)s: no value.") % period
        if self.is_change:
            text = (
                gettext("%(period)s: up %(amount)s since the previous period.")
                if value > 0
                else gettext("%(period)s: down %(amount)s since the previous period.")
            )
            return text % (period | {"amount": figures.difference_text(self.indicator.unit, value)})
        if target is None or value == target:
            text = (
                gettext("%(period)s: %(value)s.")
                if target is None
                else gettext("%(period)s: %(value)s, exactly the target.")
            )
            return text % (period | {"value": self.value})
        text = (
            gettext("%(period)s: %(value)s, %(amount)s above the target of %(target)s.")
            if value > target
            else gettext("%(period)s: %(value)s, %(amount)s below the target of %(target)s.")
        )
        amount = figures.difference_text(self.indicator.unit, value - target)
        return text % (period | {"value": self.value, "amount": amount, "target": self.target})

    @property
    def is_stale(self) -> bool:
        return self.rule.metric == AlertRule.Metric.STALE

    @property
    def is_change(self) -> bool:
        return self.rule.metric == AlertRule.Metric.CHANGE

    @property
    def is_snoozed(self) -> bool:
        until = self.alert.snoozed_until
        return self.alert.is_open and until is not None and until > self.now

    @property
    def state(self) -> str:
        """The state of an open alert, or how a closed one ended."""
        if self.alert.is_open:
            return self.alert.get_state_display()
        if self.alert.is_expected:
            return gettext("Closed as expected")
        if self.alert.state == Alert.State.OK:
            return gettext("Recovered")
        return pgettext("alert", "Closed")

    @property
    def began(self) -> str:
        """When the alert began, for lists."""
        if self.is_stale:
            return gettext("Opened %(opened)s") % {"opened": figures.moment(self.alert.opened_at)}
        return gettext("Since %(period)s") % {"period": self._first_period}

    @property
    def _first_period(self) -> str:
        start, kind = self.alert.first_period_start, self.rule.period_kind
        return period_name(containing(start, kind, reporting_clock.reporting_zone()))

    @property
    def since(self) -> str:
        """When the alert began, opened and closed."""
        times = {
            "period": self._first_period,
            "opened": figures.moment(self.alert.opened_at),
            "closed": figures.moment(self.alert.closed_at),
        }
        if self.is_stale:
            if self.alert.is_open:
                return gettext("Opened %(opened)s") % times
            return gettext("Opened %(opened)s, closed %(closed)s") % times
        if self.alert.is_open:
            return gettext("Since %(period)s, opened %(opened)s") % times
        return gettext("Since %(period)s, closed %(closed)s") % times

    @property
    def snoozed_until(self) -> str:
        return figures.moment(self.alert.snoozed_until)
