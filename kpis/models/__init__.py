"""Targets, measurements, the loop's own notes, and alerts."""

from __future__ import annotations

from alerts.models.alerts import Alert, AlertEvent, AlertRule, Severity
from alerts.models.evaluation import JudgeRun, Unjudged
from kpis.models.held_figures import HeldFigure
from kpis.models.measurements import Measurement, PeriodKind, Restatement
from kpis.models.recompute import (
    DirtyDay,
    Feed,
    MeasureRun,
    ReportingZone,
    StalePeriod,
    Verification,
)
from kpis.models.targets import Target
from notifications.models import Channel, NoticeRead, Notification, SummaryRefusal

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertRule",
    "Channel",
    "DirtyDay",
    "Feed",
    "HeldFigure",
    "JudgeRun",
    "MeasureRun",
    "Measurement",
    "NoticeRead",
    "Notification",
    "PeriodKind",
    "ReportingZone",
    "Restatement",
    "Severity",
    "StalePeriod",
    "SummaryRefusal",
    "Target",
    "Unjudged",
    "Verification",
]
