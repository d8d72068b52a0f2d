from __future__ import annotations

from core.personal_data import holds_no_personal_data
from kpis.models import (
    DataFreshness,
    HeldFigure,
    Measurement,
    RecomputeRun,
    ReportingZone,
    Restatement,
    StaleDay,
    StalePeriod,
    Target,
    Verification,
)

holds_no_personal_data(
    Measurement, Restatement, Verification, reason="Sums; those of small groups are suppressed."
)
holds_no_personal_data(
    HeldFigure, reason="Parts of open figures by the number of a learner; deleted with the period."
)
holds_no_personal_data(Target, reason="Goals, and who on the staff set them.")
holds_no_personal_data(
    DataFreshness, RecomputeRun, ReportingZone, StaleDay, StalePeriod, reason="Days and KPIs."
)
