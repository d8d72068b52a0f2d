"""Shares and medians that are None when there is nothing to compute. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def share(part: float, whole: float) -> float | None:
    """Return part ÷ whole, or None when the whole is 0."""
    return part / whole if whole else None


def median_of(values: Sequence[float]) -> float | None:
    """Return the median, or None when there are no values."""
    return median(values) if values else None
