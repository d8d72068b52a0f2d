"""Shares and medians that may have nothing to say. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def share(part: float, whole: float) -> float | None:
    """Part ÷ whole; None when there is nothing to divide by."""
    return part / whole if whole else None


def median_of(values: Sequence[float]) -> float | None:
    """None of no values."""
    return median(values) if values else None
