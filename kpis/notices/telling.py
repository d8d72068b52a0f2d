"""What a notification says, as data: written once with its event, and never changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from curriculum.access import Reader
from kpis.alerts import places
from kpis.alerts.veiled import is_veiled
from kpis.ask import Desk
from kpis.models import Alert, AlertEvent
from kpis.registry import REGISTRY

ANYBODY = Reader(
    reads_kpis=True, sees_every_course=True, sees_small_groups=False, course_ids=frozenset()
)
WITHHELD = "The figures are of a small group; the alert's page shows them to those who may."


def payload_of(event: AlertEvent) -> dict[str, Any]:
    """What is told of an event; no figures of a small group, for nobody knows who reads it."""
    is_small = is_of_small_group(event)
    return {
        "event": event.kind,
        "at": event.at.isoformat(),
        "alert": _alert_json(event.alert),
        "period_start": event.period_start.isoformat() if event.period_start else None,
        "why": WITHHELD if is_small else event.why,
        **({} if is_small else _figures(event)),
    }


def _alert_json(alert: Alert) -> dict[str, Any]:
    rule = alert.rule
    return {
        "id": alert.pk,
        "rule": rule.name,
        "kpi": rule.kpi,
        "kpi_name": REGISTRY[rule.kpi].name if rule.kpi in REGISTRY else rule.kpi,
        "severity": alert.severity,
        "scope": alert.scope,
        "scope_id": alert.scope_id,
        "place": places.names([alert])[alert.scope, alert.scope_id],
        "course": alert.course.key if alert.course else None,
        "url": f"{settings.KPI_BASE_URL}/alerts/{alert.pk}",
    }


def _figures(event: AlertEvent) -> dict[str, Any]:
    interval = None if event.ci_low is None else [event.ci_low, event.ci_high]
    return {
        "value": event.value,
        "target": event.target,
        "interval": interval,
        "n": event.n,
    }


def is_of_small_group(event: AlertEvent) -> bool:
    """True when a reader who may not see small groups would not see the figures behind it."""
    if event.period_start is None:
        return False
    desk = Desk(ANYBODY, event.at)
    return is_veiled(desk, event.alert, [event.period_start])


def headline_of(payload: dict[str, Any]) -> str:
    """One line: what happened to which alert, and where."""
    alert = payload["alert"]
    happened = AlertEvent.Kind(payload["event"]).label
    return f"{happened}: {alert['rule']} – {alert['place']}"
