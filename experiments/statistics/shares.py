"""The difference of two shares of independent units: interval and p-value of one method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtr, ndtri

from kpis.statistics.roots import root

Interval = tuple[float, float]


@dataclass(frozen=True)
class Share:
    """`successes` of n > 0 units."""

    successes: int
    n: int

    @property
    def value(self) -> float:
        return self.successes / self.n

    @property
    def failures(self) -> int:
        return self.n - self.successes

    @property
    def variance(self) -> float:
        """The variance of the value."""
        return self.value * (1 - self.value) / self.n

    def wilson(self, quantile: float) -> Interval:
        """Return the score interval of one share (E. B. Wilson, JASA 22, 1927, 209–212)."""
        squared = quantile * quantile
        spread = quantile * sqrt(
            self.value * (1 - self.value) / self.n + squared / (2 * self.n) ** 2
        )
        middle, scale = self.value + squared / (2 * self.n), 1 + squared / self.n
        # at 0 and 1 the ends are exact; computing them would leave a rounding error
        low = 0.0 if self.successes == 0 else max((middle - spread) / scale, 0.0)
        return low, 1.0 if self.successes == self.n else min((middle + spread) / scale, 1.0)


def quantile(confidence: float) -> float:
    """Return the normal quantile of a two-sided confidence."""
    return float(-ndtri((1 - confidence) / 2))


def newcombe(control: Share, treatment: Share, z: float) -> Interval:
    """Return the interval of treatment − control from the Wilson intervals of both.

    R. G. Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17 (1998) 873–890, method 10: without a continuity correction.
    """
    return _squared_and_added(control, treatment, control.wilson(z), treatment.wilson(z))


def _squared_and_added(
    control: Share, treatment: Share, of_control: Interval, of_treatment: Interval
) -> Interval:
    effect = treatment.value - control.value
    below = sqrt((treatment.value - of_treatment[0]) ** 2 + (of_control[1] - control.value) ** 2)
    above = sqrt((of_treatment[1] - treatment.value) ** 2 + (control.value - of_control[0]) ** 2)
    return max(effect - below, -1.0), min(effect + above, 1.0)


def newcombe_p(control: Share, treatment: Share) -> float:
    """Return the two-sided p-value with which Newcombe's interval leaves out 0.

    It is below α exactly if the interval of confidence 1 − α does.
    """
    effect = treatment.value - control.value
    if effect == 0:
        return 1.0

    def nearer_end(z: float) -> float:
        low, high = newcombe(control, treatment, z)
        return low if effect > 0 else -high

    most = 1.0
    while nearer_end(most) > 0:
        most *= 2
    return _two_sided(root(nearer_end, 0.0, most, xtol=1e-14, rtol=1e-14))


def _two_sided(z: float) -> float:
    return 2 * float(ndtr(-abs(z)))


def score_p(control: Share, treatment: Share) -> float:
    """Return the p-value of the pooled z-test: that of R's `prop.test(correct = FALSE)`.

    1 if all units succeeded, or none.
    """
    return _two_sided(_score(control, treatment, 0.0))


def score(control: Share, treatment: Share, z: float) -> Interval:
    """Return the differences that the score test does not reject; at 0 it is the pooled z-test.

    R. W. Mee, Biometrics 40 (1984) 1175–1176; O. Miettinen and M. Nurminen, Statistics in Medicine
    4 (1985) 213–226, without their factor N ÷ (N − 1). Newcombe's (1998) method 5.
    """

    def statistic(difference: float) -> float:
        return _score(control, treatment, difference)

    return _not_rejected(statistic, treatment.value - control.value, z, -1.0, 1.0)


def _not_rejected(
    statistic: Callable[[float], float], middle: float, z: float, least: float, most: float
) -> Interval:
    """Return the interval around the estimate in which a falling statistic is within ±z."""

    def end(limit: float, target: float) -> float:
        # just inside, as the variance may be 0 at the limit itself
        inside = limit + (middle - limit) * 1e-12
        if abs(statistic(inside)) <= abs(target):
            return limit
        return root(lambda at: statistic(at) - target, inside, middle, xtol=1e-15)

    low = least if middle == least else end(least, z)
    high = most if middle == most else end(most, -z)
    return low, high


def _score(control: Share, treatment: Share, difference: float) -> float:
    p = _restricted(control, treatment, difference)
    q = min(max(p + difference, 0.0), 1.0)
    variance = p * (1 - p) / control.n + q * (1 - q) / treatment.n
    distance = treatment.value - control.value - difference
    if variance > 0:
        return distance / sqrt(variance)
    return 0.0 if distance == 0 else float("inf") * distance


def _restricted(control: Share, treatment: Share, difference: float) -> float:
    """Return the most likely share of the control, given the difference."""
    if difference == 0:
        return (control.successes + treatment.successes) / (control.n + treatment.n)
    least, most = max(0.0, -difference), min(1.0, 1.0 - difference)

    def slope(p: float) -> float:
        """Return the derivative of the log-likelihood times p·(1 − p)·q·(1 − q)."""
        q = p + difference
        of_control = (control.successes - control.n * p) * q * (1 - q)
        return of_control + (treatment.successes - treatment.n * q) * p * (1 - p)

    width = most - least
    # just inside, where the sign of the slope is that of the derivative
    first, last = least + width * 1e-13, most - width * 1e-13
    if not first < last or slope(first) <= 0:
        return least
    if slope(last) >= 0:
        return most
    return root(slope, first, last, xtol=1e-16, rtol=1e-15)
