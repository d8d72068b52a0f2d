"""Sums in, value and interval out. No Django here; shares are 0–1."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Sums:
    """What a measurement stores: the division comes when somebody reads it."""

    n: int = 0
    total: float = 0.0
    weight: float = 0.0
    squares: float | None = None
    learners: int = 0

    def __add__(self, other: Sums) -> Sums:
        """Add two disjoint groups.

        Their learners may overlap, so the larger number stands: never more than there are, and
        so never too many for the rule of small groups.
        """
        squares = (
            None
            if self.squares is None and other.squares is None
            else (self.squares or 0.0) + (other.squares or 0.0)
        )
        return Sums(
            self.n + other.n,
            self.total + other.total,
            self.weight + other.weight,
            squares,
            max(self.learners, other.learners),
        )

    @property
    def value(self) -> float | None:
        """Total ÷ weight; None when there is nothing to divide by."""
        return self.total / self.weight if self.weight else None


NOTHING = Sums()

Interval = tuple[float, float]


def wilson(share: float, n: float) -> Interval | None:
    """The 95 % Wilson score interval of a share of `n`; None for n = 0.

    E. B. Wilson, JASA 22 (1927) 209–212. For a weighted share, `n` is the number of observations.
    """
    if n <= 0:
        return None
    share = min(max(share, 0.0), 1.0)
    spread = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    middle = share + Z95**2 / (2 * n)
    scale = 1 + Z95**2 / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    # at 0 and 1 the formula is exact; what is left is rounding
    return (0.0 if share == 0 else max(low, 0.0), 1.0 if share == 1 else min(high, 1.0))


def normal(sums: Sums) -> Interval | None:
    """The 95 % normal interval of a mean from n, total and squares; None for n < 2."""
    if sums.n < 2 or sums.squares is None:
        return None
    mean = sums.total / sums.n
    variance = max(sums.squares - sums.n * mean * mean, 0.0) / (sums.n - 1)
    half = Z95 * sqrt(variance / sums.n)
    return mean - half, mean + half


def weighted_mean(parts: list[tuple[float, float]]) -> float | None:
    """Mean of (weight, value); None when the weights add up to nothing."""
    weight = sum(w for w, _ in parts)
    return sum(w * value for w, value in parts) / weight if weight else None


def weighted_mean_interval(parts: list[tuple[float, float, Interval]]) -> Interval | None:
    """The 95 % interval of a weighted mean of independent shares, from their own intervals.

    Variance recovery (MOVER): G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008)
    1693–1702. Each part is (weight, value, its interval).
    """
    weight = sum(w for w, _, _ in parts)
    if not weight:
        return None
    mean = sum(w * value for w, value, _ in parts) / weight
    below = sqrt(sum((w / weight * (value - low)) ** 2 for w, value, (low, _) in parts))
    above = sqrt(sum((w / weight * (high - value)) ** 2 for w, value, (_, high) in parts))
    return mean - below, mean + above
