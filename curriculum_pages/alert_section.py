"""What an alert led to: the adjustments on its page."""

from __future__ import annotations

from typing import Any

from alerts.models import Alert
from alerts.pages.sections import ALERT_SECTIONS, AlertSection
from curriculum_pages.adjustments.cards import cards, visible_to
from kpis.query.query_service import KpiQueryService


def register() -> None:
    section = AlertSection("curriculum_pages/_alert_section.html", adjustments_of)
    ALERT_SECTIONS.register("adjustments", section)


def adjustments_of(service: KpiQueryService, alert: Alert) -> dict[str, Any] | None:
    """Show the adjustments that the alert led to; None if there are none."""
    rows = visible_to(service.reader).filter(alert=alert).order_by("-pk")
    found = cards(rows, service)
    return {"cards": found} if found else None
