"""Alert rules to set, alerts to act on, and the log of evaluations."""

from __future__ import annotations

from alerts.admin import alerts, evaluation, rules

__all__ = ["alerts", "evaluation", "rules"]
