"""The sections of the tab Outcome & Impact, in addition to its target bars."""

from __future__ import annotations

from outcomes.sections import feedback, scores

__all__ = ["feedback", "scores"]
