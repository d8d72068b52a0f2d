"""A course with a bad month, and rules that answer its alert."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertRule
from alerts.tests.alerting import add_rule, add_target, closing, store_value
from curriculum import parameters
from curriculum.models import Course, Module, Parameter
from improvement.answer import answer
from improvement.models import Adjustment, AdjustmentRule
from kpis.tests.kernel import PLANNED, run_of

ITEMS = "module.practice-items"
APRIL = closing("2026-03")
MAY = closing("2026-04")


def course_with_rule(**how: Any) -> tuple[Course, AdjustmentRule]:
    """Return a course with a target, an alert rule and a rule that answers it."""
    course = run_of("r1").course
    add_target(kpi=PLANNED)
    return course, adjustment_rule(add_rule(PLANNED, course=course), **how)


def adjustment_rule(alert_rule: AlertRule, **how: Any) -> AdjustmentRule:
    how = {"name": "More practice", "parameter_key": ITEMS, "steps": 2} | how
    return AdjustmentRule.objects.create(alert_rule=alert_rule, **how)


def month(which: str, percent: float, of: Course | Module, *, n: int = 1_000) -> None:
    """Store the value of a month, and evaluate it after it has closed."""
    store_value(which, percent, n=n, of=of, kpi=PLANNED)
    evaluate(closing(which))


def proposed(**how: Any) -> Adjustment:
    """Return what a rule proposes after the bad month of March."""
    course, _ = course_with_rule(**how)
    month("2026-03", 60, course)
    assert answer(APRIL) == 1
    return Adjustment.objects.get()


def only_alert() -> Alert:
    return Alert.objects.get()


def row_of(course: Course, key: str = ITEMS) -> Parameter:
    return parameters.parameter_for(key, course=course)


def value_in(course: Course, at: datetime, key: str = ITEMS) -> float:
    return float(parameters.effective([key], at=at, course=course)[key])


def on(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def history(adjustment: Adjustment) -> list[str]:
    return list(adjustment.events.values_list("kind", flat=True))
