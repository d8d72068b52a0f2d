"""Channels, alerts and events for the tests of notifications."""

from __future__ import annotations

from typing import Any

from accounts.tests.people import moment
from alerts.evaluation.write_alerts import record_events
from alerts.models import Alert, AlertEvent, AlertRule
from alerts.tests.alerting import KPI, add_rule
from curriculum.models import Course
from notifications.models import Channel, Notification

# a Wednesday
NOON = moment("2026-07-15T12:00")


def only_channel(kind: str, address: str = "", **how: Any) -> Channel:
    """Create a channel and delete all others."""
    Channel.objects.all().delete()
    return Channel.objects.create(kind=kind, name=f"By {kind}", address=address, **how)


def create_alert(course: Course | None = None, rule: AlertRule | None = None, **how: Any) -> Alert:
    return Alert.objects.create(
        rule=rule or add_rule(KPI),
        scope="course" if course else "site",
        scope_id=course.pk if course else 0,
        course=course,
        first_period_start="2026-06-01",
        last_period_start="2026-06-01",
        opened_at=NOON,
        last_notified_at=NOON,
        **{"severity": "warning", **how},
    )


def record(
    alert: Alert, kind: str = "opened", *, notifies: bool = True, at: Any = NOON
) -> AlertEvent:
    event = AlertEvent(
        alert=alert, kind=kind, at=at, notifies=notifies, reason="June 2026: 79.0%, target 85.0%.",
        period_start=None, value=79, target=85,
    )  # fmt: skip
    record_events([event])
    return event


def outbox() -> list[tuple[str, str]]:
    """Return the event and state of each notification in order."""
    rows = Notification.objects.order_by("pk")
    return list(rows.values_list("event__kind", "state"))
