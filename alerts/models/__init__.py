"""Alert rules, alerts with their history, and what waits to be evaluated."""

from __future__ import annotations

from alerts.models.alerts import (
    Alert,
    AlertEvent,
    AlertQuerySet,
    EvaluationRun,
    PendingEvaluation,
)
from alerts.models.rules import AlertRule, Severity

__all__ = [
    "Alert", "AlertEvent", "AlertQuerySet", "AlertRule", "EvaluationRun", "PendingEvaluation",
    "Severity",
]  # fmt: skip
