"""The admin of alert rules, alerts and evaluations."""

from __future__ import annotations

from alerts.admin import alerts, evaluation, rules

__all__ = ["alerts", "evaluation", "rules"]
