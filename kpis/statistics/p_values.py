"""Two-sided p-values of differences. No Django here; shares are 0–1.

Tests of single shares are exact: for many modules with few learners, the normal approximation
finds two to ten times too many differences.
"""

from __future__ import annotations

from math import erfc, inf, sqrt

from scipy.special import betainc, stdtr

from kpis.statistics.intervals import Z95, Interval, Sums

CERTAIN, CHANCE = 0.0, 1.0


def of_share(share: float, n: float, goal: float) -> float:
    """Test whether a share of `n` differs from the goal: the exact binomial test.

    C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404–413: twice the smaller tail, written
    with the incomplete beta function, so that share × n need not be a whole number.
    """
    share, goal = min(max(share, 0.0), 1.0), min(max(goal, 0.0), 1.0)
    if n <= 0:
        return CHANCE
    hits = share * n
    at_most = 1.0 if hits >= n else float(betainc(n - hits, hits + 1, 1 - goal))
    at_least = 1.0 if hits <= 0 else float(betainc(hits, n - hits + 1, goal))
    return min(1.0, 2 * min(at_most, at_least))


def of_mean(sums: Sums, goal: float, around: Sums | None = None) -> float | None:
    """Test whether a mean differs from the goal: Student's t-test; None without variance.

    If the variance is smaller than that of the sums `around` it, theirs is used: scores crowd at
    the upper end, so parts with high scores by chance would also seem the most certain.
    """
    own = variance_of(sums)
    variance = max(own or 0.0, (variance_of(around) if around else None) or 0.0)
    if own is None or not variance:
        return None
    return _beyond((sums.total / sums.n - goal) / sqrt(variance / sums.n), sums.n - 1)


def of_estimate(value: float, interval: Interval, goal: float) -> float:
    """Test whether a value differs from the goal, from its 95% interval, as if it were normal."""
    low, high = interval
    reach = high - value if goal > value else value - low
    if value == goal:
        return CHANCE
    return erfc(Z95 * abs(value - goal) / reach / sqrt(2)) if reach > 0 else CERTAIN


def of_two_shares(share: float, n: float, before: float, then: float) -> float:
    """Test whether a share of `n` differs from an earlier one of `then`: the pooled z-test."""
    if n <= 0 or then <= 0:
        return CHANCE
    pooled = (share * n + before * then) / (n + then)
    error = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n + 1 / then))
    return erfc(abs(share - before) / error / sqrt(2)) if error else CHANCE


def of_two_means(now: Sums, before: Sums) -> float | None:
    """Test whether two means differ; None if neither has variance.

    B. L. Welch, Biometrika 34 (1947) 28–35.
    """
    variances = [(variance_of(one), one.n) for one in (now, before)]
    parts = [(variance / n, n) for variance, n in variances if variance is not None]
    error = sum(part for part, _ in parts)
    if len(parts) < 2 or not error:
        return None
    freedom = error**2 / sum(part**2 / (n - 1) for part, n in parts)
    return _beyond((now.total / now.n - before.total / before.n) / sqrt(error), freedom)


def of_two_counts(count: float, days: float, before: float, then: float) -> float:
    """Test whether a count in `days` differs from an earlier one in `then` days.

    This tests the share of the later count in both: J. Przyborowski and H. Wilenski, Biometrika 31
    (1940) 313–323.
    """
    everything = count + before
    if everything <= 0 or days + then <= 0:
        return CHANCE
    return of_share(count / everything, everything, days / (days + then))


def variance_of(sums: Sums) -> float | None:
    """Return the sample variance; None for n < 2 or without squares."""
    if sums.n < 2 or sums.spread is None:
        return None
    mean = sums.total / sums.n
    variance = (sums.spread.yy - sums.n * mean * mean) / (sums.n - 1)
    # Equal observations leave only a rounding error.
    return variance if variance > 1e-12 else 0.0


def _beyond(t: float, freedom: float) -> float:
    return CHANCE if freedom <= 0 or abs(t) == inf else 2 * float(stdtr(freedom, -abs(t)))
