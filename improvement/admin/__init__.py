"""The admin of adjustment rules, adjustments with their history, and the automatic budget."""

from __future__ import annotations

from improvement.admin import adjustments, budget, events, rules

__all__ = ["adjustments", "budget", "events", "rules"]
