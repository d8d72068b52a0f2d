"""What an event says in words: the figures behind it, in the KPI's unit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from alerts.evaluation.state_machine import Observation, Step
from alerts.evaluation.transitions import CLOSED, OPENED, RECOVERED, REOPENED, WORSENED, Transition
from alerts.models import AlertEvent, AlertRule
from core import reporting_clock
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import NO_VALUE
from presentation import wording as words


def period(rule: AlertRule, first: date) -> str:
    """The period that begins then as people read it, such as March 2026."""
    return period_name(containing(first, rule.period_kind, reporting_clock.reporting_zone()))


def figure(rule: AlertRule, value: float | None) -> str:
    """A figure as people read it: 85.0%, or by how much it moved: +3.1 pts."""
    unit = REGISTRY[rule.kpi].unit
    if value is not None and rule.metric == AlertRule.Metric.CHANGE:
        return f"{'-' if value < 0 else '+'}{words.difference_text(unit, value)}"
    return NO_VALUE if value is None else unit.written(value)


def event_text(rule: AlertRule, reading: Observation) -> str:
    """One sentence without its stop: the period, the value, its interval and the target."""
    if rule.metric == AlertRule.Metric.STALE:
        return f"The data ended {reading.value or 0:.0f} days ago"
    spread = ""
    if reading.interval:
        low, high = (figure(rule, end) for end in reading.interval)
        spread = f" (95% interval {low} to {high})"
    told = f"{period(rule, reading.first)}: {figure(rule, reading.value)}"
    if rule.metric == AlertRule.Metric.CHANGE:
        return f"{told} since the period before{spread}"
    return f"{told}{spread}, target {figure(rule, reading.target)}"


def reason_of(
    rule: AlertRule, move: Transition, steps: list[Step], told: Iterable[AlertEvent]
) -> str:
    """The reason of a move; `told` are the figures that the alert's events gave before."""
    sentence = event_text(rule, move.reading)
    if move.kind == CLOSED:
        return f"{_undone(rule, steps, told)} {sentence}."
    ends = {
        OPENED: "",
        REOPENED: ": it is beyond again",
        WORSENED: ": the gap has grown by a quarter or more",
        RECOVERED: ": recovered",
    }
    return f"{sentence}{ends[move.kind]}."


def _undone(rule: AlertRule, steps: list[Step], told: Iterable[AlertEvent]) -> str:
    """Why what opened the alert is not so any more."""
    readings = {one.reading.first: one.reading for one in steps}
    for event in told:
        now = readings.get(event.period_start) if event.period_start else None
        if now and (change := changed(rule, event.value, event.target, now)):
            return change
    return "As the rule is now, it would not have fired."


def changed(
    rule: AlertRule, value: float | None, target: float | None, now: Observation
) -> str | None:
    """What of a period is not as it was told: its value or its target; None when both are."""
    when = period(rule, now.first)
    if now.value != value:
        new, old = figure(rule, now.value), figure(rule, value)
        return f"Late data: {when} is {new} now, it was {old}."
    if now.target != target:
        new, old = figure(rule, now.target), figure(rule, target)
        return f"The target of {when} is {new} now, it was {old}."
    return None
