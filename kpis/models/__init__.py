"""Targets, measurements, the loop's own notes, and alerts."""

from __future__ import annotations

from kpis.models.alerts import Alert, AlertEvent, AlertRule, Severity
from kpis.models.holding import HeldFigure
from kpis.models.judging import JudgeRun, Unjudged
from kpis.models.loop import (
    DirtyDay,
    Feed,
    MeasureRun,
    ReportingZone,
    StalePeriod,
    Verification,
)
from kpis.models.measurements import Measurement, PeriodKind, Restatement
from kpis.models.notices import Channel, NoticeRead, Notification, SummaryRefusal
from kpis.models.targets import Target

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
