"""What the tab of outcomes shows below its bars; found by autodiscovery."""

from __future__ import annotations

from outcomes.sections import feedback, scores

__all__ = ["feedback", "scores"]
