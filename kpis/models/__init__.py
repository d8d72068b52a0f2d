"""Targets, measurements, the loop's own notes, and alerts."""

from __future__ import annotations

from kpis.models.alerts import Alert, AlertEvent, AlertRule, Severity
from kpis.models.loop import DirtyDay, Feed, JudgeRun, MeasureRun, Unjudged
from kpis.models.measurements import Measurement, PeriodKind, Restatement
from kpis.models.targets import Target

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertRule",
    "DirtyDay",
    "Feed",
    "JudgeRun",
    "MeasureRun",
    "Measurement",
    "PeriodKind",
    "Restatement",
    "Severity",
    "Target",
    "Unjudged",
]
