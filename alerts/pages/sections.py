"""The sections that apps above add to the page of an alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alerts.models import Alert
from core.registry import Registry
from kpis.query.query_service import KpiQueryService

# returns the template's `section` variable; None: the section is not shown
Show = Callable[[KpiQueryService, Alert], dict[str, Any] | None]


@dataclass(frozen=True)
class AlertSection:
    template: str
    show: Show


ALERT_SECTIONS: Registry[AlertSection] = Registry(
    "Alert section"  # not translated: for programmers
)
