"""The sentences of an alert's history: figures in the KPI's unit, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.translation import gettext, ngettext

from alerts.evaluation.state_machine import (
    CLOSED,
    RECOVERED,
    REOPENED,
    WORSENED,
    Observation,
    Step,
    Transition,
)
from alerts.models import AlertEvent, AlertRule
from core import localized, reporting_clock
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import NO_VALUE
from presentation.figures import difference_text


def period_text(rule: AlertRule, start: date) -> str:
    """Return the name of the period that starts on a day, such as March 2026."""
    return period_name(containing(start, rule.period_kind, reporting_clock.reporting_zone()))


def value_text(rule: AlertRule, value: float | None) -> str:
    """Return a value in the KPI's unit, such as 85.0%, or a change, such as +3.1 pts."""
    unit = REGISTRY[rule.kpi].unit
    if value is not None and rule.metric == AlertRule.Metric.CHANGE:
        return f"{'-' if value < 0 else '+'}{difference_text(unit, value)}"
    return NO_VALUE if value is None else unit.written(value)


def age_text(days: float) -> str:
    """Return an age in whole days, such as 8 days."""
    count = round(days)
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": localized.number(count)}


def figures_text(rule: AlertRule, observation: Observation) -> str:
    """Return one sentence with the period, the value, its interval and the target."""
    if rule.metric == AlertRule.Metric.STALE:
        return gettext("The latest data is %(age)s old.") % {
            "age": age_text(observation.value or 0)
        }
    low, high = observation.interval or (None, None)
    figures = {
        "period": period_text(rule, observation.period_start),
        "value": value_text(rule, observation.value),
        "target": value_text(rule, observation.target),
        "low": value_text(rule, low),
        "high": value_text(rule, high),
    }
    if rule.metric == AlertRule.Metric.CHANGE:
        if observation.interval:
            sentence = gettext(
                "%(period)s: %(value)s since the previous period "
                "(95%% interval %(low)s to %(high)s)."
            )
        else:
            sentence = gettext("%(period)s: %(value)s since the previous period.")
    elif observation.interval:
        sentence = gettext(
            "%(period)s: %(value)s (95%% interval %(low)s to %(high)s), target %(target)s."
        )
    else:
        sentence = gettext("%(period)s: %(value)s, target %(target)s.")
    return sentence % figures


def reason_for(
    rule: AlertRule, transition: Transition, steps: Sequence[Step], earlier: Iterable[AlertEvent]
) -> str:
    """Return the reason for a transition; `earlier` are the alert's events with figures."""
    figures = figures_text(rule, transition.observation)
    if transition.kind == CLOSED:
        return f"{_closing_reason(rule, steps, earlier)} {figures}"
    more = {
        REOPENED: gettext("The condition holds again."),
        WORSENED: gettext("The gap has grown by at least a quarter."),
        RECOVERED: gettext("The alert has recovered."),
    }
    return f"{figures} {more.get(transition.kind, '')}".strip()


def _closing_reason(rule: AlertRule, steps: Sequence[Step], earlier: Iterable[AlertEvent]) -> str:
    """Explain why an alert closes without a recovery."""
    observations = {one.observation.period_start: one.observation for one in steps}
    for event in earlier:
        now = observations.get(event.period_start) if event.period_start else None
        if now and (change := change_text(rule, event.value, event.target, now)):
            return change
    return gettext("With its current settings, the rule would not have opened this alert.")


def change_text(
    rule: AlertRule, value: float | None, target: float | None, now: Observation
) -> str | None:
    """Describe how a period's value or target differs from the one given; None if it does not."""
    period = period_text(rule, now.period_start)
    if now.value != value:
        new, old = value_text(rule, now.value), value_text(rule, value)
        return gettext("Late data: %(period)s is now %(new)s; it was %(old)s.") % {
            "period": period,
            "new": new,
            "old": old,
        }
    if now.target != target:
        new, old = value_text(rule, now.target), value_text(rule, target)
        return gettext("The target of %(period)s is now %(new)s; it was %(old)s.") % {
            "period": period,
            "new": new,
            "old": old,
        }
    return None
