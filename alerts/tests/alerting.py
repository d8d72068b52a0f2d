"""Measurements to evaluate: one KPI, its target, and a percentage per month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertEvent, AlertRule
from core import reporting_clock
from curriculum.models import Course, Module
from kpis.definitions.periods import containing
from kpis.models import Measurement, Target
from kpis.query.targets import set_target

KPI = "test.planned"
# with 1,000 observations, the interval of 79% ends at 81.4 and that of 84% at 86.1
MANY = 1_000


def closing(month: str) -> datetime:
    """Return a moment after the month has closed: noon on the fifth of the next."""
    after = containing(
        date.fromisoformat(f"{month}-01"), "month", reporting_clock.reporting_zone()
    ).after
    return datetime(after.year, after.month, 5, 12, tzinfo=UTC)


def add_target(
    value: float = 85,
    *,
    start: str | None = None,
    course: Course | None = None,
    kpi: str = KPI,
) -> Target:
    if start:
        return set_target(
            kpi, Decimal(str(value)), valid_from=date.fromisoformat(start), course=course
        )
    return Target.objects.create(kpi=kpi, version=1, value=Decimal(str(value)), course=course)


def add_rule(kpi: str = KPI, **how: Any) -> AlertRule:
    return AlertRule.objects.create(kpi=kpi, name="Planned misses its target", **how)


def store_value(
    month: str,
    percent: float,
    *,
    n: int = MANY,
    of: Course | Module | None = None,
    kpi: str = KPI,
    kind: str = "month",
) -> Measurement:
    """Store the value of a month, or of another period that starts on a day."""
    start = date.fromisoformat(month if len(month) > 7 else f"{month}-01")
    made, _ = Measurement.objects.update_or_create(
        kpi=kpi,
        scope="site" if of is None else type(of).__name__.lower(),
        scope_id=of.pk if of else 0,
        period_kind=kind,
        period_start=start,
        defaults={
            "course": of.course if isinstance(of, Module) else of,
            "n": n,
            "total": n * percent / 100,
            "weight": n,
            "learners": n,
            "definition_version": 1,
            "computed_at": datetime(2026, 1, 1, tzinfo=UTC),
        },
    )
    return made


def evaluate_months(*months: tuple[str, float], **how: Any) -> list[str]:
    """Store and evaluate each month once it has closed; return the kinds of all events."""
    for month, percent in months:
        store_value(month, percent, **how)
        evaluate(closing(month))
    return event_kinds()


def event_kinds() -> list[str]:
    return list(AlertEvent.objects.order_by("pk").values_list("kind", flat=True))


def notified_kinds() -> list[str]:
    events = AlertEvent.objects.filter(notifies=True).order_by("pk")
    return list(events.values_list("kind", flat=True))


def open_states() -> list[str]:
    """Return the states of the open alerts."""
    return list(Alert.objects.open().order_by("pk").values_list("state", flat=True))


def last_reason() -> str:
    return AlertEvent.objects.latest("pk").reason
