"""How many units an experiment needs, and what it detects with those that it gets.

Tests are two-sided. Numbers of units are not rounded; `ceil` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isnan, sqrt
from typing import Protocol

from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from experiments.statistics import always_valid, sequential_power
from experiments.statistics.arms import ArmSums, Kind
from experiments.statistics.ratios import unit_variance
from kpis.statistics.roots import root

MOST_UNITS = 1e12
# a variance needs two units
FEWEST_UNITS = 2


@dataclass(frozen=True)
class Design:
    """How the experiment is run.

    `ratio` is the number of treatment units per control unit. With more than two `arms`, each
    treatment is tested at α ÷ (arms − 1), the first step of Holm's method. `design_effect` is how
    many times more units are needed because whole clusters are assigned. With `cluster_size`, the
    units of a cluster, the clusters are compared by a t-test, as an analysis does. A sequential
    experiment is looked at 20 times until the planned end, and tuned to it. If `is_strict`, a
    significant effect in the wrong direction counts, as in R with `strict = TRUE`, pwr and
    statsmodels; by default it does not, as in R's power.prop.test and power.t.test.
    """

    alpha: float = 0.05
    power: float = 0.8
    ratio: float = 1.0
    arms: int = 2
    design_effect: float = 1.0
    cluster_size: float | None = None
    is_sequential: bool = False
    is_strict: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 and 0 < self.power < 1):
            raise ValueError("α and the power lie between 0 and 1.")
        if not (self.ratio > 0 and self.arms >= 2 and self.design_effect >= 1):
            raise ValueError("A design has two arms or more, a positive ratio, and an effect ≥ 1.")
        if self.cluster_size is not None and not self.cluster_size > 0:
            raise ValueError("The units of a cluster lie between 0 and infinity.")

    @property
    def alpha_each(self) -> float:
        return self.alpha / (self.arms - 1)

    @property
    def fewest(self) -> float:
        """The smallest n with which the analysis of both variants has an interval."""
        assigned = always_valid.FEWEST_UNITS if self.is_sequential else FEWEST_UNITS
        return assigned * max(1.0, 1 / self.ratio) / self._assigned(1.0)

    def degrees_of_freedom(self, n: float) -> float:
        """Return those of Student's t, given n units in the control before the design effect."""
        return self._assigned(n) * (1 + self.ratio) - 2

    def _assigned(self, n: float) -> float:
        """Return how many clusters n units are, or units if each is assigned by itself."""
        return n * self.design_effect / self.cluster_size if self.cluster_size else n

    @property
    def reach(self) -> float:
        """How many standard errors a significant effect is away from 0."""
        return -float(ndtri(self.alpha_each / 2))


class Baseline(Protocol):
    """What is known of the KPI before the experiment."""

    @property
    def lowest(self) -> float: ...

    @property
    def highest(self) -> float: ...

    @property
    def scale(self) -> float:
        """The size of effects that are neither tiny nor huge."""

    def power(self, effect: float, n: float, design: Design) -> float: ...


@dataclass(frozen=True)
class ShareBaseline:
    """A share of units, 0 to 1."""

    share: float

    @property
    def lowest(self) -> float:
        return -self.share

    @property
    def highest(self) -> float:
        return 1 - self.share

    @property
    def scale(self) -> float:
        return 1.0

    def power(self, effect: float, n: float, design: Design) -> float:
        """R's power.prop.test; with unequal numbers, Fleiss, Levin and Paik (2003), eq. 4.14.

        Clusters and sequential experiments are not compared by the pooled z-test, so neither is
        their power.
        """
        p, q, ratio = self.share, self.share + effect, design.ratio
        if not (0 <= p <= 1 and 0 <= q <= 1):
            return 0.0
        spread = sqrt(p * (1 - p) / n + q * (1 - q) / (ratio * n))
        if design.is_sequential or design.cluster_size:
            return _power_of_t(effect, spread, n, design)
        pooled = (p + ratio * q) / (1 + ratio)
        by_chance = sqrt(pooled * (1 - pooled) * (1 + 1 / ratio) / n)
        reach = design.reach * by_chance
        if not spread > 0:
            return 1.0 if abs(effect) > reach else 0.0
        wrong = float(ndtr((-abs(effect) - reach) / spread)) if design.is_strict else 0.0
        return float(ndtr((abs(effect) - reach) / spread)) + wrong


@dataclass(frozen=True)
class MeanBaseline:
    """A mean or ratio, by the variance of one unit's part in it (`baseline_of`)."""

    variance: float

    @property
    def lowest(self) -> float:
        return -inf

    @property
    def highest(self) -> float:
        return inf

    @property
    def scale(self) -> float:
        return sqrt(self.variance)

    def power(self, effect: float, n: float, design: Design) -> float:
        """R's power.t.test; with unequal numbers, pwr.t2n.test."""
        error = sqrt(self.variance * (1 + 1 / design.ratio) / n)
        return _power_of_t(effect, error, n, design)


def _power_of_t(effect: float, error: float, n: float, design: Design) -> float:
    """Return the power for an effect with a standard error, of the t-test or of all looks."""
    if n < design.fewest * (1 - 1e-9):
        return 0.0
    if not error > 0:
        return 1.0 if effect else 0.0
    shift = abs(effect) / error
    if design.is_sequential:
        return sequential_power.power(shift, design.alpha_each)
    freedom = design.degrees_of_freedom(n)
    reach = -float(stdtrit(freedom, design.alpha_each / 2))
    wrong = noncentral_t(freedom, shift, -reach) if design.is_strict else 0.0
    return 1 - noncentral_t(freedom, shift, reach) + wrong


def noncentral_t(freedom: float, shift: float, at: float) -> float:
    """Return the probability that Student's noncentral t is at most `at`.

    SciPy answers NaN for some arguments where it is below 1e-9 (findings/scipy-noncentral-t.sh);
    there, the normal approximation of Abramowitz and Stegun (1964), 26.7.10, but no more than the
    probability of a normal variable below −shift, if `at` is not positive.
    """
    exact = float(nctdtr(freedom, shift, at))
    if not isnan(exact):
        return exact
    spread = sqrt(1 + at * at / (2 * freedom))
    found = float(ndtr((at * (1 - 1 / (4 * freedom)) - shift) / spread))
    return found if at > 0 else min(found, float(ndtr(-shift)))


def baseline_of(sums: ArmSums, kind: Kind) -> ShareBaseline | MeanBaseline | None:
    """Return what the sums of past units say; None if they are too few, or do not vary."""
    if kind == Kind.MEAN:
        sums = sums.per_unit
    elif sums.is_binary and 0 < sums.n == round(sums.x):
        return ShareBaseline(sums.y / sums.x)
    variance = unit_variance(sums)
    return MeanBaseline(variance) if variance else None


DESIGN = Design()


def achieved_power(baseline: Baseline, effect: float, n: float, design: Design = DESIGN) -> float:
    """Return the chance that a true effect is significant with n units in the control."""
    return baseline.power(effect, n / design.design_effect, design) if n > 0 else 0.0


def planned_units(baseline: Baseline, effect: float, design: Design = DESIGN) -> float | None:
    """Return how many units the control needs; the treatment needs `ratio` times as many.

    None if no number is enough: no effect, or a share beyond 0 or 1.
    """

    def missing(n: float) -> float:
        return design.power - baseline.power(effect, n, design)

    fewest = design.fewest
    if not effect or missing(MOST_UNITS) > 0:
        return None
    if missing(fewest) <= 0:
        return fewest * design.design_effect
    return _root(missing, fewest, MOST_UNITS) * design.design_effect


def detectable_effect(
    baseline: Baseline, n: float, design: Design = DESIGN, *, upwards: bool = True
) -> float | None:
    """Return the smallest effect that n units in the control show; None if they show none.

    0 if the planned power is that of chance alone, α ÷ 2.
    """
    end = baseline.highest if upwards else baseline.lowest
    sign = 1 if upwards else -1

    def missing(effect: float) -> float:
        return design.power - achieved_power(baseline, effect, n, design)

    if n / design.design_effect < design.fewest * (1 - 1e-9) or not end:
        return None
    if missing(0.0) <= 0:
        return 0.0
    scale = baseline.scale
    outer = sign * min(1e-9 * scale, abs(end))
    while missing(outer) > 0:
        if outer == end or abs(outer) > 1e15 * scale:
            return None
        outer = sign * min(abs(outer) * 4, abs(end))
    return _root(missing, 0.0, outer, scale)


def _root(missing: Callable[[float], float], one: float, other: float, scale: float = 1.0) -> float:
    return root(missing, one, other, xtol=1e-24 * scale, rtol=1e-13, maxiter=1_000)
