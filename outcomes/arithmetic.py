"""The arithmetic of the drill-downs. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def median_of(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return median(values) if values else None


def share(part: float, whole: float) -> float | None:
    """part ÷ whole; None when there is no whole."""
    return part / whole if whole else None
