"""Intervals of differences, what is significant, and false discoveries. No Django here."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from kpis.statistics.intervals import Interval

# the accepted share of discoveries that are due to chance
FALSE_DISCOVERIES = 0.01
# A p-value up to this is significant in a single test of one direction: half of what a 95%
# interval leaves out.
ONE_SIDED = 0.025


def difference(value: float, interval: Interval, before: float, then: Interval) -> Interval:
    """Return the 95% interval of `value - before`, from the intervals of both.

    R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890, method 10.
    """
    moved = value - before
    low = moved - sqrt((value - interval[0]) ** 2 + (then[1] - before) ** 2)
    return low, moved + sqrt((interval[1] - value) ** 2 + (before - then[0]) ** 2)


def are_significant(chances: Sequence[float]) -> list[bool]:
    """Return which one-sided p-values are significant, each for itself."""
    return [chance <= ONE_SIDED for chance in chances]


def discoveries(chances: Sequence[float], *, share: float = FALSE_DISCOVERIES) -> list[bool]:
    """Return which p-values are discoveries, if at most `share` of these may be due to chance.

    Y. Benjamini and Y. Hochberg, JRSS B 57 (1995) 289–300.
    """
    # not by scipy.stats, which takes 25 MB and a quarter of a second of each start
    ranked = enumerate(sorted(chances), 1)
    passing = [chance for rank, chance in ranked if chance * (len(chances) / rank) <= share]
    return [chance <= max(passing) for chance in chances] if passing else [False] * len(chances)
