"""Adjustment rules, adjustments with their history, and the budget of automatic ones."""

from __future__ import annotations

from improvement.models.adjustments import Adjustment, AdjustmentEvent
from improvement.models.rules import AdjustmentRule, AutomaticBudget
from improvement.models.shipped import ShippedRule

__all__ = ["Adjustment", "AdjustmentEvent", "AdjustmentRule", "AutomaticBudget", "ShippedRule"]
