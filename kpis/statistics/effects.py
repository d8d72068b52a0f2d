"""The effect of a change: after minus before, although an alert chose the moment. No Django here.

An alert fires at an extreme, so the figure would have returned toward its mean without any change.
The interval takes this into account by selective inference: the difference is normal, truncated
where the alert would not have fired (J. D. Lee, D. L. Sun, Y. Sun and J. E. Taylor, Annals of
Statistics 44, 2016, 907–927, theorem 5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

from scipy.special import log_ndtr, stdtrit

from kpis.statistics.estimates import AnyEstimate, Estimate
from kpis.statistics.intervals import Z95, Interval
from kpis.statistics.roots import root

# one-sided, of a 95% interval
TAIL = 0.025
# how often the variance is computed again at the level that the effect implies
ROUNDS = 4


@dataclass(frozen=True)
class Selected:
    """A period without which there would have been no change: its value lay beyond `bound`.

    `shared` is the share of the weight of the window before that lies in this period.
    """

    estimate: AnyEstimate
    bound: float
    shared: float

    def gap(self, sign: int) -> float:
        return max(sign * (self.bound - self.estimate.value), 0.0)


@dataclass(frozen=True)
class Moved:
    """A change with its variance, and the degrees of freedom of this variance."""

    value: float
    variance: float
    freedom: float = inf


@dataclass(frozen=True)
class Comparable:
    """What changed elsewhere: the mean over the controls.

    `excess` is the variance between the controls beyond that of their observations, which the
    changed one has as well.
    """

    value: float
    variance: float
    excess: float
    number: int


@dataclass(frozen=True)
class Effect:
    """The median-unbiased estimate of a change, its 95% interval, and both one-sided p-values.

    `observed` is the difference as it is, which contains the return toward the mean.
    """

    value: float
    interval: Interval
    at_most: float
    at_least: float
    observed: float

    @property
    def sign(self) -> int:
        """Return 1 or -1 if the interval is above or below 0, and 0 if it contains it."""
        return (self.interval[0] > 0) - (self.interval[1] < 0)


def variance_of(one: AnyEstimate, level: float | None = None) -> float:
    """Return the variance of a value, by default as if it were at its own level."""
    if not isinstance(one, Estimate):
        return one.variance
    width = one.scale.most - one.scale.least
    share = one.share if level is None else one.scale.share(level)
    # as A. Agresti and B. Caffo do, so that a share of 0 or 1 is not certain
    share = (share * one.n + 1) / (one.n + 2)
    return width * width * share * (1 - share) / one.n


def moved(before: AnyEstimate, after: AnyEstimate, returned: float = 0.0) -> Moved:
    """Return after minus before, from different rows; see `_variance_before` for `returned`."""
    variances = _variance_before(before, before, after, returned), variance_of(after)
    pairs = zip(variances, (before.freedom, after.freedom), strict=True)
    uncertain = sum(variance**2 / freedom for variance, freedom in pairs)
    total = sum(variances)
    freedom = total**2 / uncertain if uncertain else inf
    return Moved(after.value - before.value, total, freedom)


def _variance_before(
    one: AnyEstimate, before: AnyEstimate, after: AnyEstimate, returned: float
) -> float:
    """Return the variance of a value from before the change.

    People whose values an alert selected also differ more or less than they otherwise do. So their
    variance is that at the level without the selection, which is as far on the way from the level
    before to that after as `returned`: 0 to 1.
    """
    if isinstance(one, Estimate):
        level = one.value + returned * (after.value - before.value)
        return variance_of(one, level if returned else None)
    if isinstance(before, Estimate) or isinstance(after, Estimate):
        return one.variance
    people = before.people + after.people
    squares = before.variance * before.people**2 + after.variance * after.people**2
    return squares / people / one.people


def combined(controls: Sequence[Moved]) -> Comparable | None:
    """Return the mean change of the controls, by R. DerSimonian and N. Laird; None without any.

    Controlled Clinical Trials 7 (1986) 177–188.
    """
    known = [one for one in controls if one.variance > 0]
    if not known:
        return None
    excess = _excess_of(known)
    weights = [1 / (one.variance + excess) for one in known]
    mean = sum(w * one.value for w, one in zip(weights, known, strict=True)) / sum(weights)
    return Comparable(mean, 1 / sum(weights), excess, len(known))


def _excess_of(controls: Sequence[Moved]) -> float:
    weights = [1 / one.variance for one in controls]
    total = sum(weights)
    mean = sum(w * one.value for w, one in zip(weights, controls, strict=True)) / total
    squares = sum(w * (one.value - mean) ** 2 for w, one in zip(weights, controls, strict=True))
    scale = total - sum(w * w for w in weights) / total
    return max(0.0, (squares - (len(controls) - 1)) / scale) if scale > 0 else 0.0


def against(change: Moved, controls: Comparable | None) -> Moved:
    """Return the change beyond that of the controls: the difference in differences."""
    if controls is None:
        return change
    own = change.variance + controls.excess
    total = own + controls.variance
    between = controls.excess + controls.variance
    parts = [(change.variance, change.freedom)]
    if controls.excess:
        parts.append((between, max(controls.number - 1.0, 1.0)))
    uncertain = sum(variance**2 / freedom for variance, freedom in parts)
    freedom = total**2 / uncertain if uncertain else inf
    return Moved(change.value - controls.value, total, freedom)


def effect(
    before: AnyEstimate,
    after: AnyEstimate,
    selected: Sequence[Selected] = (),
    *,
    controls: Comparable | None = None,
    fired_below: bool = True,
) -> Effect:
    """Return the effect beyond the controls', given that each period was beyond its bound."""
    compared = _Compared(before, after, selected, controls, 1 if fired_below else -1)
    low, middle, high = sorted(compared.center(tail) for tail in (TAIL, 0.5, 1 - TAIL))
    above = compared.above(0.0)
    at_least, at_most = (above, 1 - above) if fired_below else (1 - above, above)
    return Effect(middle, (low, high), at_most, at_least, compared.under(middle).change.value)


@dataclass(frozen=True)
class _Assumed:
    """The distribution of the difference with a certain effect; mirrored if an alert fired above.

    Only differences above the limit would have been selected.
    """

    change: Moved
    observed: float
    limit: float

    @property
    def scale(self) -> float:
        """Return the standard deviation, as much wider as Student's interval is."""
        return sqrt(self.change.variance) * (_t95(self.change.freedom) / Z95)


@dataclass(frozen=True)
class _Compared:
    before: AnyEstimate
    after: AnyEstimate
    selected: Sequence[Selected]
    controls: Comparable | None
    sign: int

    def center(self, tail: float) -> float:
        """Return the effect with which the observed difference or more has this probability.

        The variance follows from the effect, so both are computed in turns.
        """
        center = self.after.value - self.before.value
        for _ in range(ROUNDS if self.selected else 1):
            assumed = self.under(center)
            center = self.sign * _center(assumed.observed, assumed.limit, assumed.scale, tail)
        return center

    def above(self, center: float) -> float:
        """Return the probability of the observed difference or more, if this is the effect."""
        assumed = self.under(center)
        return _tail(assumed.observed, assumed.limit, assumed.scale, self.sign * center)

    def under(self, center: float) -> _Assumed:
        returned = self._returned(center) if self.selected else 0.0
        change = against(moved(self.before, self.after, returned), self.controls)
        observed = self.sign * change.value
        limits = [
            observed - one.gap(self.sign) * change.variance / (one.shared * variance)
            for one in self.selected
            if one.shared > 0
            and (variance := _variance_before(one.estimate, self.before, self.after, returned)) > 0
        ]
        return _Assumed(change, observed, max(limits, default=-inf))

    def _returned(self, center: float) -> float:
        """Return how far from the level before the common one is, if this is the effect: 0 to 1.

        Both windows say what it is, each by the number of its people.
        """
        difference = self.after.value - self.before.value
        if self.sign * difference <= 0:
            return 0.0
        elsewhere = self.controls.value if self.controls else 0.0
        by_itself = min(max((difference - elsewhere - center) / difference, 0.0), 1.0)
        return by_itself * self.after.people / (self.before.people + self.after.people)


def _tail(observed: float, limit: float, deviation: float, center: float) -> float:
    """Return the probability of at least the observed difference, given that it is above a limit.

    Logarithms, because both probabilities can be far smaller than the smallest number.
    """
    return exp(_log_tail(observed, limit, deviation, center))


def _log_tail(observed: float, limit: float, deviation: float, center: float) -> float:
    above = log_ndtr((center - observed) / deviation)
    allowed = 0.0 if limit == -inf else log_ndtr((center - limit) / deviation)
    return float(min(above - allowed, 0.0))


def _center(observed: float, limit: float, deviation: float, tail: float) -> float:
    """Return the true difference with which the observed one or more has this probability."""
    wanted = log(tail)

    def distance(center: float) -> float:
        return _log_tail(observed, limit, deviation, center) - wanted

    low = _step_out(distance, observed, -deviation)
    high = _step_out(distance, observed, deviation)
    if low is None:
        return -inf
    return inf if high is None else root(distance, low, high, xtol=deviation * 1e-9)


def _step_out(
    distance: Callable[[float], float], start: float, step: float, most: int = 60
) -> float | None:
    """Return a point on the side of the step's sign, in doubling steps; None if there is none."""
    point = start
    for _ in range(most):
        if distance(point) * step >= 0:
            return point
        point, step = point + step, step * 2
    return None


def _t95(freedom: float) -> float:
    return Z95 if freedom == inf else float(stdtrit(freedom, 1 - TAIL))
