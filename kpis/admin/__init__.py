"""Targets and alert rules to set, alerts to act on, and what the loop wrote, to look at."""

from __future__ import annotations

from alerts.admin import alerts, evaluation, rules
from kpis.admin import measurements, recompute_log, targets
from notifications import admin

__all__ = ["alerts", "judging", "loop", "measurements", "notices", "rules", "targets"]
