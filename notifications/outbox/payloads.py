"""What a notification says, as data: written once with its event, and never changed."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings

from alerts import scope_names
from alerts.models import AlertEvent
from kpis.definitions.registry import REGISTRY
from notifications.models import Channel
from notifications.outbox.audience import Audience

WITHHELD = "The figures are of a small group; the alert's page shows them to those who may."


class PayloadWriter:
    """What is told of one event: to each addressee only what that reader may see."""

    def __init__(self, event: AlertEvent) -> None:
        self.event = event
        self.audience = Audience(event)

    def payload(self, channel: Channel, to: str) -> dict[str, Any]:
        may_see = self.audience.may_see(channel, to)
        return {
            "event": self.event.kind,
            "at": self.event.at.isoformat(),
            "alert": self._alert,
            "period_start": self.event.period_start.isoformat()
            if self.event.period_start
            else None,
            "why": self.event.why if may_see else WITHHELD,
            **(self._figures if may_see else {}),
        }

    @cached_property
    def _alert(self) -> dict[str, Any]:
        alert = self.event.alert
        rule = alert.rule
        return {
            "id": alert.pk,
            "rule": rule.name,
            "kpi": rule.kpi,
            "kpi_name": REGISTRY[rule.kpi].name if rule.kpi in REGISTRY else rule.kpi,
            "severity": alert.severity,
            "scope": alert.scope,
            "scope_id": alert.scope_id,
            "place": scope_names.names([alert])[alert.scope, alert.scope_id],
            "course": alert.course.key if alert.course else None,
            "url": f"{settings.KPI_BASE_URL}/alerts/{alert.pk}",
        }

    @property
    def _figures(self) -> dict[str, Any]:
        event = self.event
        return {
            "value": event.value,
            "target": event.target,
            "interval": None if event.ci_low is None else [event.ci_low, event.ci_high],
            "n": event.n,
        }


def headline_of(payload: dict[str, Any]) -> str:
    """One line: what happened to which alert, and where."""
    alert = payload["alert"]
    happened = AlertEvent.Kind(payload["event"]).label
    return f"{happened}: {alert['rule']} – {alert['place']}"
