"""Alert rules, alerts with their history, and what waits to be evaluated."""

from __future__ import annotations

from alerts.models.alerts import Alert, AlertEvent, AlertRule, Severity
from alerts.models.evaluation import EvaluationRun, PendingEvaluation

__all__ = ["Alert", "AlertEvent", "AlertRule", "EvaluationRun", "PendingEvaluation", "Severity"]
