"""Project a value by a straight line through the last few. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from kpis.statistics.estimates import t95
from kpis.statistics.intervals import Z95

FEWEST_VALUES = 4
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Projection:
    """The expected single new value and its 95% prediction interval."""

    value: float
    low: float
    high: float


def project(
    values: Sequence[float],
    *,
    ahead: int = 1,
    error: float = 0.0,
    least: float | None = 0.0,
    most: float | None = None,
) -> Projection | None:
    """Project the value `ahead` steps after evenly spaced ones, by ordinary least squares.

    None for fewer than four values. The interval is the prediction interval of a single new
    observation, ŷ ± t · s · √(1 + 1/n + (x − x̄)²/Sxx) with n − 2 degrees of freedom: NIST/SEMATECH
    e-Handbook of Statistical Methods, section 4.5.1.2. `error` is the standard error of a single
    value, where it is known: four values that happen to lie on a line do not make the next one
    certain. All three results are limited to `least` and `most`.
    """
    n = len(values)
    if n < FEWEST_VALUES:
        return None
    middle, mean = (n - 1) / 2, sum(values) / n
    spread = sum((x - middle) ** 2 for x in range(n))
    slope = sum((x - middle) * (y - mean) for x, y in enumerate(values)) / spread
    errors = (y - mean - slope * (x - middle) for x, y in enumerate(values))
    away = n - 1 + ahead - middle
    noise = sqrt(sum(one * one for one in errors) / (n - 2))
    half = max(t95(n - 2) * noise, Z95 * error) * sqrt(1 + 1 / n + away * away / spread)
    value = mean + slope * away
    return Projection(*(_limited(one, least, most) for one in (value, value - half, value + half)))


def _limited(value: float, least: float | None, most: float | None) -> float:
    value = value if least is None else max(value, least)
    return value if most is None else min(value, most)
