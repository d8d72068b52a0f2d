"""Targets, measurements, and what recomputing keeps track of."""

from __future__ import annotations

from kpis.models.held_figures import HeldFigure
from kpis.models.measurements import Measurement, PeriodKind, Restatement
from kpis.models.recompute import (
    DataFreshness,
    RecomputeRun,
    ReportingZone,
    StaleDay,
    StalePeriod,
    Verification,
)
from kpis.models.targets import Target

__all__ = [
    "DataFreshness",
    "HeldFigure",
    "Measurement",
    "PeriodKind",
    "RecomputeRun",
    "ReportingZone",
    "Restatement",
    "StaleDay",
    "StalePeriod",
    "Target",
    "Verification",
]
