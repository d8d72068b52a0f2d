"""Stored alerts, for the tests of their pages and API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from alerts.models import Alert, AlertEvent, AlertRule
from curriculum.models import Course, Module
from kpis.tests.measured import COMPLETION

JUNE = date(2026, 6, 1)
OPENED_AT = datetime(2026, 7, 4, 12, tzinfo=UTC)


def create_alert(of: Course | Module | None = None, *, kpi: str = COMPLETION, **how: Any) -> Alert:
    """Create an alert about June 2026: 60% of 100, target 85%."""
    scope = "site" if of is None else type(of).__name__.lower()
    name = how.pop("name", f"Completion rate of {of or 'the site'} misses its target")
    found = {
        "rule": AlertRule.objects.create(kpi=kpi, name=name),
        "scope": scope,
        "scope_id": of.pk if of else 0,
        "course": of.course if isinstance(of, Module) else of,
        "severity": "warning",
        "first_period_start": JUNE,
        "last_period_start": JUNE,
        "value": 60.0,
        "target": 85.0,
        "ci_low": 50.2,
        "ci_high": 69.1,
        "n": 100,
        "opened_at": OPENED_AT,
    } | how
    alert = Alert.objects.create(**found)
    add_event(alert, "opened", reason="June 2026: 60.0%, target 85.0%.", period_start=JUNE)
    return alert


def add_event(alert: Alert, kind: str, **what: Any) -> AlertEvent:
    return AlertEvent.objects.create(alert=alert, kind=kind, at=OPENED_AT, **what)
