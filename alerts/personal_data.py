from __future__ import annotations

from alerts.models import Alert, AlertEvent, AlertRule, EvaluationRun, PendingEvaluation
from core.personal_data import holds_no_personal_data

holds_no_personal_data(
    Alert, AlertEvent, AlertRule, reason="Figures of groups, and what the staff did about them."
)
holds_no_personal_data(EvaluationRun, PendingEvaluation, reason="Periods and KPIs.")
