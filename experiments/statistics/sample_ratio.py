"""Whether the variants got the units that they should."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaln, xlogy

# χ² needs an expected count of at least so many in each variant (W. G. Cochran, Biometrics 1954)
FEWEST_EXPECTED = 5
# so many tables are listed for the exact test; beyond, they are drawn
MOST_TABLES = 500_000
DRAWN = 200_000
# tables of equal probability differ by rounding
EQUAL = 1e-7


def sample_ratio(counts: Sequence[int], weights: Sequence[float]) -> float:
    """Return the p-value of these numbers of units, if they were assigned by the weights.

    Pearson's χ² test, as R's chisq.test(counts, p = weights, rescale.p = TRUE); where an expected
    number is below 5, the exact multinomial test (for two variants: binom.test). 1 without units,
    and 0 if a variant of weight 0 has some. ValueError for negative or missing weights.
    """
    total, total_weight = sum(counts), sum(weights)
    if len(counts) != len(weights) or min(weights, default=0) < 0 or not total_weight > 0:
        raise ValueError("Each variant needs a count and a weight, not all of them 0.")
    pairs = list(zip(counts, weights, strict=True))
    if any(count and not weight for count, weight in pairs):
        return 0.0
    observed = np.array([count for count, weight in pairs if weight])
    shares = np.array([weight / total_weight for _, weight in pairs if weight])
    if not total or len(observed) < 2:
        return 1.0
    if (total * shares).min() < FEWEST_EXPECTED:
        return _exact(observed, shares)
    return _chi_squared(observed, total * shares)


def _chi_squared(observed: NDArray[np.int_], expected: NDArray[np.float64]) -> float:
    statistic = ((observed - expected) ** 2 / expected).sum()
    return float(chdtrc(len(observed) - 1, statistic))


def _exact(observed: NDArray[np.int_], shares: NDArray[np.float64]) -> float:
    """Return the probability of all tables that are no more likely than the observed one."""
    total, arms = int(observed.sum()), len(observed)
    limit = _log_probability(observed[None, :], shares)[0] + EQUAL
    if comb(total + arms - 1, arms - 1) <= MOST_TABLES:
        likelihoods = _log_probability(_tables(total, arms), shares)
        return float(min(1.0, np.exp(likelihoods[likelihoods <= limit]).sum()))
    # the same tables each time, so that an analysis can be repeated
    drawn = np.random.default_rng(total).multinomial(total, shares, DRAWN)
    below = int((_log_probability(drawn, shares) <= limit).sum())
    return (1 + below) / (1 + DRAWN)


def _log_probability(tables: NDArray[np.int_], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    parts = xlogy(tables, shares) - gammaln(tables + 1)
    found: NDArray[np.float64] = gammaln(tables.sum(axis=1) + 1) + parts.sum(axis=1)
    return found


def _tables(total: int, arms: int) -> NDArray[np.int_]:
    """Return every way to divide a total, by the places of the bars between the variants."""
    if arms == 2:
        first = np.arange(total + 1)
        return np.column_stack((first, total - first))
    places = total + arms - 1
    bars = np.array(list(combinations(range(places), arms - 1)))
    edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, places)))
    return np.diff(edges, axis=1) - 1
