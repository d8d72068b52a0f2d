"""Intervals of differences, one-sided tests and false discoveries. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

from kpis.statistics.intervals import Z95, Interval

# the accepted share of discoveries that are due to chance
FALSE_DISCOVERIES = 0.01


def difference(value: float, interval: Interval, before: float, then: Interval) -> Interval:
    """Return the 95% interval of `value - before`, from the intervals of both.

    R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890, method 10.
    """
    moved = value - before
    low = moved - sqrt((value - interval[0]) ** 2 + (then[1] - before) ** 2)
    return low, moved + sqrt((interval[1] - value) ** 2 + (before - then[0]) ** 2)


def chance(value: float, interval: Interval, bound: float, *, sign: int) -> float:
    """Return the one-sided p-value of a value below the bound (sign 1) or above it (sign -1).

    It is derived from the interval: p < 0.025 means that the whole interval is beyond the bound.
    """
    distance = sign * (bound - value)
    reach = interval[1] - value if sign > 0 else value - interval[0]
    if reach <= 0:
        return 0.0 if distance > 0 else 1.0
    return 0.5 * erfc(Z95 * distance / reach / sqrt(2))


def discoveries(chances: Sequence[float], *, share: float = FALSE_DISCOVERIES) -> list[bool]:
    """Return which p-values are discoveries, if at most `share` of these may be due to chance.

    Y. Benjamini and Y. Hochberg, JRSS B 57 (1995) 289–300.
    """
    ordered = sorted(chances)
    most = [p for rank, p in enumerate(ordered, start=1) if p <= share * rank / len(ordered)]
    return [bool(most) and p <= most[-1] for p in chances]
