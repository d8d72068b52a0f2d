from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, AlertEvent, AlertRule, EvaluationRun, PendingEvaluation
from core.mentions import may_name_people
from core.personal_data import holds_no_personal_data

holds_no_personal_data(
    Alert, AlertEvent, AlertRule, reason=_("Figures of groups, and what the staff did about them.")
)
holds_no_personal_data(EvaluationRun, PendingEvaluation, reason=_("Periods and KPIs."))
may_name_people(Alert, "note")
may_name_people(AlertEvent, "reason")
