"""Estimates and tests of many values at once, in numpy columns. No Django here.

The formulas are those of `estimates` and `p_values`, where they are explained; a test compares
both. One value at a time, the findings of 200 courses took more than a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, stdtr, stdtrit

from kpis.statistics.estimates import SHARE, Scale
from kpis.statistics.intervals import Z95
from kpis.statistics.significance import FALSE_DISCOVERIES

Column = NDArray[np.float64]
Mask = NDArray[np.bool_]
Ends = tuple[Column, Column]


@dataclass(frozen=True)
class SumColumns:
    """The columns of `Sums`; those of the spread are NaN where there is none."""

    n: Column
    total: Column
    weight: Column
    units: Column
    yy: Column
    xx: Column
    xy: Column


@dataclass(frozen=True)
class EstimateColumns:
    """Values between the bounds of a scale, as in `Estimate`; NaN where there is no estimate."""

    value: Column
    people: Column
    dispersion: Column
    is_binomial: Mask
    scale: Scale

    @property
    def share(self) -> Column:
        return shares_of(self.value, self.scale)

    @property
    def n(self) -> Column:
        return self.people / self.dispersion

    @property
    def freedom(self) -> Column:
        freedom = np.maximum((self.people - 1) / np.sqrt(1 - self.dispersion), 1.0)
        return np.where(self.is_binomial | (self.dispersion >= 1), np.inf, freedom)

    @property
    def interval(self) -> Ends:
        """Return the 95% intervals, by Wilson."""
        share, n, quantile = self.share, self.n, t95(self.freedom)
        squared = quantile * quantile
        spread = quantile * np.sqrt(share * (1 - share) / n + squared / (4 * n * n))
        middle, around = share + squared / (2 * n), 1 + squared / n
        low = np.where(share == 0, 0.0, np.maximum((middle - spread) / around, 0.0))
        high = np.where(share == 1, 1.0, np.minimum((middle + spread) / around, 1.0))
        low, high = np.where(n <= 0, 0.0, low), np.where(n <= 0, 1.0, high)
        width = self.scale.most - self.scale.least
        return self.scale.least + low * width, self.scale.least + high * width

    def take(self, at: NDArray[np.intp]) -> EstimateColumns:
        taken = (self.value[at], self.people[at], self.dispersion[at], self.is_binomial[at])
        return EstimateColumns(*taken, self.scale)

    def where(self, condition: Mask, other: EstimateColumns) -> EstimateColumns:
        """Return the rows of the other where the condition is false."""
        return EstimateColumns(
            np.where(condition, self.value, other.value),
            np.where(condition, self.people, other.people),
            np.where(condition, self.dispersion, other.dispersion),
            np.where(condition, self.is_binomial, other.is_binomial),
            self.scale,
        )


@dataclass(frozen=True)
class MeanColumns:
    """Values without bounds, as in `MeanEstimate`; NaN where there is no estimate."""

    value: Column
    people: Column
    variance: Column

    @property
    def freedom(self) -> Column:
        return np.maximum(self.people - 1, 1.0)

    @property
    def interval(self) -> Ends:
        half = t95(self.freedom) * np.sqrt(self.variance)
        return self.value - half, self.value + half

    def take(self, at: NDArray[np.intp]) -> MeanColumns:
        return MeanColumns(self.value[at], self.people[at], self.variance[at])


AnyColumns = EstimateColumns | MeanColumns


@dataclass(frozen=True)
class PartColumns:
    """A part of weighted means, by its key; `is_known` where it has a value and a weight."""

    key: str
    weight: Column
    sums: SumColumns
    is_known: Mask


def t95(freedom: Column) -> Column:
    return np.where(np.isinf(freedom), Z95, stdtrit(freedom, 0.975))


def shares_of(values: Column | float, scale: Scale) -> Column:
    share = (values - scale.least) / (scale.most - scale.least)
    return np.asarray(np.minimum(np.maximum(share, 0.0), 1.0))


def estimates(sums: SumColumns, scale: Scale = SHARE) -> EstimateColumns:
    """Return the values of sums with their uncertainty; see `estimate`."""
    is_known = (sums.weight > 0) & (sums.n > 0)
    value = np.where(is_known, sums.total / sums.weight, np.nan)
    total = sums.weight * (value - scale.least) / (scale.most - scale.least)
    units, yy, xx, xy = _spread_of(sums, total, scale)
    is_binomial = (
        _are_close(xx, sums.weight) & _are_close(units, sums.weight) & _are_close(yy, total, 1e-9)
    )
    share = shares_of(value, scale)
    squares = _squared_errors(yy, xx, xy, share) / sums.weight**2
    linear = _of_linear(value, squares, xx / sums.weight**2, scale)
    binomial = EstimateColumns(value, units, np.ones_like(value), is_binomial, scale)
    return binomial.where(is_binomial, linear)


def mean_estimates(sums: SumColumns) -> MeanColumns:
    """Return the values of sums without bounds, with their uncertainty; see `estimate_mean`."""
    value = np.where(sums.weight != 0, sums.total / sums.weight, np.nan)
    people = sums.weight**2 / sums.xx
    squares = sums.yy - 2 * value * sums.xy + value * value * sums.xx
    is_known = (sums.units >= 2) & (sums.xx > 0) & (people > 1) & (squares > 1e-12 * sums.yy)
    variance = squares / sums.weight**2 * people / (people - 1)
    return MeanColumns(np.where(is_known, value, np.nan), people, variance)


def weighted_sums(parts: Sequence[PartColumns]) -> SumColumns:
    """Return what a composite divides: see `combine`."""
    of_parts = [
        (one.sums.n, one.weight * (one.sums.total / one.sums.weight), one.weight) for one in parts
    ]
    known = [
        [np.where(one.is_known, numbers, 0.0) for numbers in three]
        for one, three in zip(parts, of_parts, strict=True)
    ]
    n, total, weight = (sum(some[1:], some[0]) for some in zip(*known, strict=True))
    nothing = np.full_like(n, np.nan)
    return SumColumns(n, total, weight, nothing, nothing, nothing, nothing)


def weighted_estimates(
    parts: Sequence[PartColumns], crosses: Mapping[tuple[str, str], Sequence[Column]]
) -> EstimateColumns:
    """Return weighted means of shares of the same people; see `weighted_estimate`.

    `crosses` has the columns yy, yx, xy and xx of each pair, NaN where they are not known.
    """
    weights = [np.where(one.is_known, one.weight, 0.0) for one in parts]
    weight, count = sum(weights), sum(one.is_known.astype(int) for one in parts)
    shares = [one.sums.total / one.sums.weight for one in parts]
    means = [np.where(one.is_known, share, 0.0) for one, share in zip(parts, shares, strict=True)]
    value = np.asarray(sum(w * mean for w, mean in zip(weights, means, strict=True)) / weight)
    squares, concentration = np.zeros_like(value), np.zeros_like(value)
    for (one, mine), (other, theirs) in product(zip(parts, weights, strict=True), repeat=2):
        factor = mine * theirs / weight**2
        covariance, overlap = _products(one, other, crosses)
        is_known = one.is_known & other.is_known
        squares = squares + np.where(is_known, factor * covariance, 0.0)
        concentration = concentration + np.where(is_known, factor * overlap, 0.0)
    found = _of_linear(value, np.maximum(squares, 0.0), concentration, SHARE)
    for one in parts:
        found = estimates(one.sums).where((count == 1) & one.is_known, found)
    return found


def against_goals(now: AnyColumns, goal: Column, around: Column | None = None) -> Column:
    """Return the two-sided p-values of values against goals; see `against_goal`.

    `around` is the dispersion of the wholes that these are parts of, NaN where it is not known.
    """
    if isinstance(now, MeanColumns):
        return _two_sided_t(now.value - goal, now.variance, now.freedom)
    share, bound = now.share, shares_of(goal, now.scale)
    exact = _two_sided_binomial(share * now.people, now.people, bound)
    if around is not None:
        wider = np.fmax(around, now.dispersion)
        now = EstimateColumns(now.value, now.people, wider, now.is_binomial, now.scale)
    inexact = _two_sided_t(share - bound, bound * (1 - bound) / now.n, now.freedom)
    return np.where(now.is_binomial, exact, inexact)


def against_earlier(now: AnyColumns, before: AnyColumns) -> Column:
    """Return the two-sided p-values of changes; see `p_values.against_earlier`."""
    if isinstance(now, MeanColumns) and isinstance(before, MeanColumns):
        difference, variances = now.value - before.value, (now.variance, before.variance)
    elif isinstance(now, EstimateColumns) and isinstance(before, EstimateColumns):
        n, then = now.n, before.n
        pooled = (now.share * n + before.share * then) / (n + then)
        pooled = np.minimum(np.maximum(pooled, 0.0), 1.0)
        difference = now.share - before.share
        variances = (pooled * (1 - pooled) / n, pooled * (1 - pooled) / then)
    else:
        raise TypeError("A mean without bounds can only be compared with another one.")
    uncertain = variances[0] ** 2 / now.freedom + variances[1] ** 2 / before.freedom
    freedom = np.where(uncertain != 0, (variances[0] + variances[1]) ** 2 / uncertain, np.inf)
    return _two_sided_t(difference, variances[0] + variances[1], freedom)


def against_counts(count: Column, days: float, before: Column, then: float) -> Column:
    """Return the two-sided p-values of changed counts; see `against_count`."""
    both = count + before
    return _two_sided_binomial(count, both, np.full_like(count, days / (days + then)))


def differences(now: Column, ends: Ends, before: Column, earlier: Ends) -> Ends:
    """Return the 95% intervals of `now - before`; see `significance.difference`."""
    moved = now - before
    low = moved - np.sqrt((now - ends[0]) ** 2 + (earlier[1] - before) ** 2)
    return low, moved + np.sqrt((ends[1] - now) ** 2 + (before - earlier[0]) ** 2)


def discovery_bound(chances: Column, *, share: float = FALSE_DISCOVERIES) -> float:
    """Return the p-value up to which all are discoveries, -1 without any; see `discoveries`."""
    ranked = np.sort(chances)
    passing = ranked * (len(ranked) / np.arange(1, len(ranked) + 1)) <= share
    return float(ranked[passing].max(initial=-1.0))


def _of_linear(
    value: Column, squares: Column, concentration: Column, scale: Scale
) -> EstimateColumns:
    people, share = 1 / concentration, shares_of(value, scale)
    information = np.maximum(people - 1, 0.0) * share * (1 - share)
    prior = scale.prior + scale.prior_at_ends * (2 * share - 1) ** 2
    dispersion = (squares * people**2 + prior) / (information + prior)
    return EstimateColumns(value, people, dispersion, np.zeros(len(value), bool), scale)


def _spread_of(sums: SumColumns, total: Column, scale: Scale) -> tuple[Column, ...]:
    each, least, width = sums.weight / sums.n, scale.least, scale.most - scale.least
    yy = (sums.yy - 2 * least * sums.xy + least * least * sums.xx) / width**2
    xy = (sums.xy - least * sums.xx) / width
    known, alike = (sums.units, yy, sums.xx, xy), (sums.n, total * each, sums.weight * each)
    is_known = sums.xx > 0
    pairs = zip(known, (*alike, alike[1]), strict=True)
    return tuple(np.where(is_known, mine, other) for mine, other in pairs)


def _squared_errors(yy: Column, xx: Column, xy: Column, share: Column) -> Column:
    errors = yy - 2 * share * xy + share * share * xx
    return np.where(errors > 1e-12 * xx, errors, 0.0)


def _products(
    one: PartColumns, other: PartColumns, crosses: Mapping[tuple[str, str], Sequence[Column]]
) -> Ends:
    """Return the sums over people of error · error and weight · weight; see `estimates`."""
    own, others = _own_products(one.sums), _own_products(other.sums)
    largest = np.sqrt(own[0] * others[0]), np.sqrt(own[1] * others[1])
    if (one.key, other.key) in crosses:
        yy, yx, xy, xx = crosses[one.key, other.key]
    elif (other.key, one.key) in crosses:
        yy, xy, yx, xx = crosses[other.key, one.key]
    else:
        return largest
    share, of_other = one.sums.total / one.sums.weight, other.sums.total / other.sums.weight
    errors = yy - of_other * yx - share * xy + share * of_other * xx
    weights = one.sums.weight * other.sums.weight
    is_known = ~np.isnan(xx)
    return np.where(is_known, errors / weights, largest[0]), np.where(
        is_known, xx / weights, largest[1]
    )


def _own_products(sums: SumColumns) -> Ends:
    _, yy, xx, xy = _spread_of(sums, sums.total, SHARE)
    squares = _squared_errors(yy, xx, xy, sums.total / sums.weight)
    return squares / sums.weight**2, xx / sums.weight**2


def _are_close(some: Column, others: Column, least: float = 0.0) -> Mask:
    largest = np.maximum(np.abs(some), np.abs(others))
    return np.asarray(np.abs(some - others) <= np.maximum(1e-9 * largest, least))


def _two_sided_t(difference: Column, variance: Column, freedom: Column) -> Column:
    t = difference / np.sqrt(variance)
    chances = np.minimum(1.0, 2 * np.minimum(stdtr(freedom, t), stdtr(freedom, -t)))
    certain = np.where(difference == 0, 1.0, 0.0 * difference)
    return np.where(variance <= 0, certain, chances)


def _two_sided_binomial(hits: Column, n: Column, goal: Column) -> Column:
    at_most = np.where(hits >= n, 1.0, betainc(n - hits, hits + 1, 1 - goal))
    at_least = np.where(hits <= 0, 1.0, betainc(hits, n - hits + 1, goal))
    chances = np.minimum(1.0, 2 * np.minimum(at_most, at_least))
    return np.where(n <= 0, 1.0, chances)
