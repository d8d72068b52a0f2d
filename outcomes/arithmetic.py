"""Arithmetic for drill-downs. This module does not use Django."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def median_of(values: Sequence[float]) -> float | None:
    """The median; None if there are no values."""
    return median(values) if values else None


def share(part: float, whole: float) -> float | None:
    """part ÷ whole; None if the whole is 0."""
    return part / whole if whole else None
