"""Measurements and targets, and the rows that keep track of recomputing."""

from __future__ import annotations

from kpis.models.date_notes import DateNote
from kpis.models.figures import (
    CompositeMeasurement,
    HeldFigure,
    Measurement,
    PeriodKind,
    Restatement,
    StoredSums,
    Target,
    columns_of,
    composite_columns_of,
    composite_sums_from,
    sums_from,
)
from kpis.models.recomputing import (
    ComputedDefinition,
    DataFreshness,
    RecomputeClaim,
    RecomputeRun,
    ReportingZone,
    StaleDay,
    StalePeriod,
    Verification,
)

__all__ = [
    "CompositeMeasurement",
    "ComputedDefinition",
    "DataFreshness",
    "DateNote",
    "HeldFigure",
    "Measurement",
    "PeriodKind",
    "RecomputeClaim",
    "RecomputeRun",
    "ReportingZone",
    "Restatement",
    "StaleDay",
    "StalePeriod",
    "StoredSums",
    "Target",
    "Verification",
    "columns_of",
    "composite_columns_of",
    "composite_sums_from",
    "sums_from",
]
