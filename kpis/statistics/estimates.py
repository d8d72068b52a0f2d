"""Values with what their intervals and tests need, from sums over people. No Django here.

The rows of one person are alike, so people are the units. Every value is a ratio Σy ÷ Σx of the
people's own totals and weights, and lies between two bounds. Its variance is that of a ratio of
means (W. G. Cochran, Sampling Techniques, 3rd edition, 1977, chapter 6.8). From this follows an
effective sample size for Wilson's interval (C. Franco, R. J. A. Little, T. A. Louis and E. V. Slud,
Journal of Survey Statistics and Methodology 7, 2019, 334–364), with a quantile of Student's t
because the variance is estimated (N. Dean and M. Pagano, the same journal 3, 2015, 484–503).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import inf, isclose, sqrt

from scipy.special import stdtrit

from kpis.statistics.intervals import Z95, CrossSums, Interval, Spread, Sums, wilson


@dataclass(frozen=True)
class Scale:
    """What values lie between, and how much the largest possible variance counts besides the one
    found: `prior` in the middle, and `prior_at_ends` more toward the bounds.

    The priors are chosen in simulations: intervals of ten people cover the truth as often as those
    of a thousand. Answers are of few kinds and so are equal by chance more often than scores are.
    """

    least: float
    most: float
    prior: float
    prior_at_ends: float = 0.0

    def share(self, value: float) -> float:
        """Return a value as a share of the way between the bounds, limited to these."""
        return min(max((value - self.least) / (self.most - self.least), 0.0), 1.0)

    def value(self, share: float) -> float:
        return self.least + share * (self.most - self.least)

    def prior_at(self, share: float) -> float:
        return self.prior + self.prior_at_ends * (2 * share - 1) ** 2


SHARE = Scale(0.0, 1.0, prior=0.005, prior_at_ends=0.025)
NET = Scale(-1.0, 1.0, prior=0.1)


@dataclass(frozen=True)
class Estimate:
    """A value between two bounds.

    `people` is the effective number of people, which is smaller if they have unequal weights (L.
    Kish, Survey Sampling, 1965). `dispersion` is the variance as a share of the largest possible
    one, in which everybody is at one of the bounds. `is_binomial`: everybody counts once, as yes
    or no.
    """

    value: float
    people: float
    dispersion: float = 1.0
    scale: Scale = SHARE
    is_binomial: bool = False

    @property
    def share(self) -> float:
        """Return the value as a share of the way between the bounds."""
        return self.scale.share(self.value)

    @property
    def n(self) -> float:
        """Return the effective sample size: of as many people at the bounds as equally certain."""
        return self.people / self.dispersion

    @property
    def freedom(self) -> float:
        """Return the degrees of freedom of the variance.

        The closer people are to the bounds, the more the variance follows from the value alone, as
        that of a binomial share does.
        """
        if self.is_binomial or self.dispersion >= 1:
            return inf
        return max((self.people - 1) / sqrt(1 - self.dispersion), 1.0)

    @property
    def interval(self) -> Interval:
        """Return the 95% interval."""
        low, high = wilson(self.share, self.n, t95(self.freedom)) or (0.0, 1.0)
        return self.scale.value(low), self.scale.value(high)

    def with_dispersion(self, dispersion: float) -> Estimate:
        return replace(self, dispersion=dispersion)


@dataclass(frozen=True)
class MeanEstimate:
    """A value without bounds, such as a mean amount of money, and its variance.

    `people` is the effective number of people.
    """

    value: float
    people: float
    variance: float

    @property
    def freedom(self) -> float:
        return max(self.people - 1, 1.0)

    @property
    def interval(self) -> Interval:
        """Return the 95% interval, by Student's t."""
        half = t95(self.freedom) * sqrt(self.variance)
        return self.value - half, self.value + half


AnyEstimate = Estimate | MeanEstimate


@dataclass(frozen=True)
class WeightedPart:
    """A part of a weighted mean; `cross` has its cross sums with other parts, by their keys."""

    key: str
    weight: float
    sums: Sums


Crosses = Mapping[tuple[str, str], CrossSums]
UNKNOWN: Crosses = {}


@lru_cache(maxsize=1_000)
def t95(freedom: float) -> float:
    """Return the value that Student's t stays within, on both sides, with 95% probability."""
    return Z95 if freedom == inf else float(stdtrit(freedom, 0.975))


def estimate(sums: Sums, scale: Scale = SHARE) -> Estimate | None:
    """Return the value of sums with its uncertainty; None without weight."""
    value = sums.value
    if value is None or sums.weight <= 0 or sums.n <= 0:
        return None
    total = sums.weight * (value - scale.least) / (scale.most - scale.least)
    spread = _spread_of(sums, total, scale)
    if _is_binomial(total, sums.weight, spread):
        return Estimate(value, spread.units, scale=scale, is_binomial=True)
    squares = _squared_errors(spread, scale.share(value)) / sums.weight**2
    return _of_linear(value, squares, spread.xx / sums.weight**2, scale)


def estimate_mean(sums: Sums) -> MeanEstimate | None:
    """Return the value of sums without bounds, with its uncertainty.

    None if the people are too few or all alike: how much others may differ is then unknown.
    """
    value, spread = sums.value, sums.spread
    if value is None or spread is None or spread.units < 2 or spread.xx <= 0:
        return None
    people = sums.weight**2 / spread.xx
    squares = spread.yy - 2 * value * spread.xy + value * value * spread.xx
    if people <= 1 or squares <= 1e-12 * spread.yy:
        return None
    return MeanEstimate(value, people, squares / sums.weight**2 * people / (people - 1))


def weighted_estimate(parts: Sequence[WeightedPart], crosses: Crosses = UNKNOWN) -> Estimate | None:
    """Return the weighted mean of shares of the same people; None without weight.

    The parts vary together. For pairs without cross sums, the largest possible covariance is
    assumed, so the interval is wide rather than narrow.
    """
    known = [part for part in parts if part.weight and part.sums.value is not None]
    weight = sum(part.weight for part in known)
    if not weight or any(part.sums.weight <= 0 for part in known):
        return None
    if len(known) == 1:
        return estimate(known[0].sums)
    value = sum(part.weight * (part.sums.value or 0.0) for part in known) / weight
    squares = concentration = 0.0
    for one, other in product(known, repeat=2):
        factor = one.weight * other.weight / weight**2
        cross = crosses.get((one.key, other.key))
        if cross is None and (other.key, one.key) in crosses:
            cross = crosses[other.key, one.key].mirrored
        covariance, overlap = _products(one.sums, other.sums, None if one is other else cross)
        squares += factor * covariance
        concentration += factor * overlap
    return _of_linear(value, max(squares, 0.0), concentration, SHARE)


def _of_linear(value: float, squares: float, concentration: float, scale: Scale) -> Estimate:
    """Return an estimate whose error is a sum over people.

    `squares` is the sum of their squared errors, and `concentration` that of their squared shares
    of the weight. With K people of equal weight, the variance is squares · K ÷ (K − 1), and the
    largest possible one share · (1 − share) ÷ K. A little of the largest is added: people who are
    all alike leave some uncertainty, because others may have been missed, and as much as a share
    of K people if they are all at a bound.
    """
    people, share = 1 / concentration, scale.share(value)
    information = max(people - 1, 0.0) * share * (1 - share)
    prior = scale.prior_at(share)
    dispersion = (squares * people**2 + prior) / (information + prior)
    return Estimate(value, people, dispersion, scale)


def _spread_of(sums: Sums, total: float, scale: Scale) -> Spread:
    """Return the spread of the totals as shares of the way between the bounds.

    Sums without one are taken for those of independent people of equal weight, each of them at one
    of the bounds.
    """
    spread, least, width = sums.spread, scale.least, scale.most - scale.least
    if spread is None or spread.xx <= 0:
        each = sums.weight / sums.n
        return Spread(sums.n, total * each, sums.weight * each, total * each)
    return Spread(
        spread.units,
        (spread.yy - 2 * least * spread.xy + least * least * spread.xx) / width**2,
        spread.xx,
        (spread.xy - least * spread.xx) / width,
    )


def _is_binomial(total: float, weight: float, spread: Spread) -> bool:
    """True if everybody has the weight 1 and a total of 0 or 1: only then the squares agree."""
    counts_once = isclose(spread.xx, weight) and isclose(spread.units, weight)
    return counts_once and isclose(spread.yy, total, abs_tol=1e-9)


def _products(one: Sums, other: Sums, cross: CrossSums | None) -> tuple[float, float]:
    """Return the sums over people of error · error and weight · weight, of two shares.

    Both are relative to the sums of the weights. Without cross sums, they are as large as they can
    be: by the inequality of Cauchy and Schwarz, the root of the product of both own sums.
    """
    if cross is None:
        own = [_own_products(sums) for sums in (one, other)]
        return sqrt(own[0][0] * own[1][0]), sqrt(own[0][1] * own[1][1])
    share, of_other = one.total / one.weight, other.total / other.weight
    errors = cross.yy - of_other * cross.yx - share * cross.xy + share * of_other * cross.xx
    weights = one.weight * other.weight
    return errors / weights, cross.xx / weights


def _own_products(sums: Sums) -> tuple[float, float]:
    spread = _spread_of(sums, sums.total, SHARE)
    return _squared_errors(spread, sums.total / sums.weight) / sums.weight**2, (
        spread.xx / sums.weight**2
    )


def _squared_errors(spread: Spread, share: float) -> float:
    errors = spread.yy - 2 * share * spread.xy + share * share * spread.xx
    # equal people leave a rounding error
    return errors if errors > 1e-12 * spread.xx else 0.0
