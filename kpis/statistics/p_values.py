"""How likely chance alone goes this far: two-sided p-values. No Django here; shares are 0–1.

Tests of one figure are exact, because among many modules with few learners the normal
approximation finds two to ten times as much as there is.
"""

from __future__ import annotations

from math import erfc, inf, sqrt

from scipy.special import betainc, stdtr

from kpis.statistics.intervals import Z95, Interval, Sums

SURE, NOTHING = 0.0, 1.0


def of_share(share: float, n: float, goal: float) -> float:
    """That a share of `n` lies this far from the goal: the exact binomial test.

    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404–413: twice the smaller tail, written
    with the incomplete beta function, so that a weighted share need be no whole number of `n`.
    """
    share, goal = min(max(share, 0.0), 1.0), min(max(goal, 0.0), 1.0)
    if n <= 0:
        return NOTHING
    hits = share * n
    at_most = 1.0 if hits >= n else float(betainc(n - hits, hits + 1, 1 - goal))
    at_least = 1.0 if hits <= 0 else float(betainc(hits, n - hits + 1, goal))
    return min(1.0, 2 * min(at_most, at_least))


def of_mean(sums: Sums, goal: float, around: Sums | None = None) -> float | None:
    """That a mean lies this far from the goal: Student's t-test; None where there is no spread.

    Where a part's spread is below that of the sums `around` it, theirs stands: marks crowd at the
    upper end, so that the parts that did well by chance also seem the surest.
    """
    own = spread_of(sums)
    spread = max(own or 0.0, (spread_of(around) if around else None) or 0.0)
    if own is None or not spread:
        return None
    return _beyond((sums.total / sums.n - goal) / sqrt(spread / sums.n), sums.n - 1)


def of_estimate(value: float, interval: Interval, goal: float) -> float:
    """That a value with a 95% interval lies this far from the goal, as a normal one would."""
    low, high = interval
    reach = high - value if goal > value else value - low
    if value == goal:
        return NOTHING
    return erfc(Z95 * abs(value - goal) / reach / sqrt(2)) if reach > 0 else SURE


def of_two_shares(share: float, n: float, before: float, then: float) -> float:
    """That a share of `n` and the one before, of `then`, differ this far: the pooled z-test."""
    if n <= 0 or then <= 0:
        return NOTHING
    pooled = (share * n + before * then) / (n + then)
    error = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n + 1 / then))
    return erfc(abs(share - before) / error / sqrt(2)) if error else NOTHING


def of_two_means(now: Sums, before: Sums) -> float | None:
    """That two means differ this far; None where neither has a spread.

    B. L. Welch, Biometrika 34 (1947) 28–35.
    """
    spreads = [(spread_of(one), one.n) for one in (now, before)]
    parts = [(spread / n, n) for spread, n in spreads if spread is not None]
    error = sum(part for part, _ in parts)
    if len(parts) < 2 or not error:
        return None
    freedom = error**2 / sum(part**2 / (n - 1) for part, n in parts)
    return _beyond((now.total / now.n - before.total / before.n) / sqrt(error), freedom)


def of_two_counts(count: float, days: float, before: float, then: float) -> float:
    """That a count in `days` and the one before, in `then` days, differ this far.

    Of all that was counted, the share that falls into the days is tested: J. Przyborowski and
    H. Wilenski, Biometrika 31 (1940) 313–323.
    """
    everything = count + before
    if everything <= 0 or days + then <= 0:
        return NOTHING
    return of_share(count / everything, everything, days / (days + then))


def spread_of(sums: Sums) -> float | None:
    """The sample variance; None for n < 2 or without squares."""
    if sums.n < 2 or sums.squares is None:
        return None
    mean = sums.total / sums.n
    variance = (sums.squares - sums.n * mean * mean) / (sums.n - 1)
    # equal observations leave only rounding
    return variance if variance > 1e-12 else 0.0


def _beyond(t: float, freedom: float) -> float:
    return NOTHING if freedom <= 0 or abs(t) == inf else 2 * float(stdtr(freedom, -abs(t)))
