"""Targets, measurements, and what recomputing keeps track of."""

from __future__ import annotations

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

__all__ = [
    "DirtyDay",
    "Feed",
    "HeldFigure",
    "MeasureRun",
    "Measurement",
    "PeriodKind",
    "ReportingZone",
    "Restatement",
    "StalePeriod",
    "Target",
    "Verification",
]
