from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.mentions import may_name_people
from core.personal_data import holds_no_personal_data
from kpis.models import (
    CompositeMeasurement,
    ComputedDefinition,
    DataFreshness,
    DateNote,
    HeldFigure,
    Measurement,
    RecomputeClaim,
    RecomputeRun,
    ReportingZone,
    Restatement,
    StaleDay,
    StalePeriod,
    Target,
    Verification,
)

holds_no_personal_data(
    Measurement,
    CompositeMeasurement,
    Restatement,
    Verification,
    reason=_("Sums; those of small groups are suppressed."),
)
holds_no_personal_data(
    HeldFigure,
    reason=_("Parts of open figures by number of learner; deleted after the period."),
)
holds_no_personal_data(DateNote, reason=_("What happened on a day, and who on the staff wrote it."))
holds_no_personal_data(Target, reason=_("Goals, and who on the staff set them."))
holds_no_personal_data(
    ComputedDefinition,
    DataFreshness,
    RecomputeClaim,
    RecomputeRun,
    ReportingZone,
    StaleDay,
    StalePeriod,
    reason=_("Days and KPIs."),
)
may_name_people(Target, "note")
may_name_people(DateNote, "text")
