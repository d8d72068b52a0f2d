"""Targets and alert rules to set, alerts to act on, and what the loop wrote, to look at."""

from __future__ import annotations

from kpis.admin import alerts, judging, loop, measurements, notices, rules, targets

__all__ = ["alerts", "judging", "loop", "measurements", "notices", "rules", "targets"]
