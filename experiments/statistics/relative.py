"""The effect relative to the control, with an interval that leaves out 0 when the effect's does.

Treatment ÷ control = r where treatment − r · control = 0. So the limits for r are those at which
the interval of this difference ends at 0: by Fieller's theorem if it is symmetric (E. C. Fieller,
JRSS B 16, 1954, 175–185), or by that of A. Donner and G. Y. Zou for Newcombe's (Statistical
Methods in Medical Research 21, 2012, 347–359).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, isfinite, sqrt

from experiments.statistics.shares import Share
from kpis.statistics.roots import root


@dataclass(frozen=True)
class Relative:
    """(treatment − control) ÷ control with its interval; None where the control may well be 0."""

    effect: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Reach:
    """A value, and how far its own interval reaches below and above it."""

    value: float
    below: float
    above: float


def relative(control: Reach, treatment: Reach) -> Relative | None:
    """Return the relative effect; None unless the control is positive."""
    effect = relative_effect(control.value, treatment.value)
    if effect is None:
        return None
    low = _root(control.value, control.above, treatment.value, treatment.below, -1)
    high = _root(control.value, control.below, treatment.value, treatment.above, 1)
    # only both together are an interval
    if low is None or high is None or not isfinite(high - low):
        return Relative(effect)
    return Relative(effect, low - 1, high - 1)


def relative_effect(control: float, treatment: float) -> float | None:
    """Return (treatment − control) ÷ control; None unless the control is positive."""
    if not control > 0:
        return None
    effect = treatment / control - 1
    return effect if isfinite(effect) else None


def _root(control: float, reach: float, treatment: float, own: float, sign: int) -> float | None:
    """Solve (treatment − r · control)² = own² + r² · reach²; None if there is no limit."""
    reach, treatment, own = reach / control, treatment / control, own / control
    known = 1 - reach * reach
    # a control that its interval does not tell from 0
    if not known > 1e-12:
        return None
    return (treatment + sign * hypot(reach * treatment, own * sqrt(known))) / known


def of_shares(control: Share, treatment: Share, z: float) -> Relative | None:
    """Return the relative effect with the limits of Newcombe's method."""
    return relative(_reach(control, z), _reach(treatment, z))


def _reach(share: Share, z: float) -> Reach:
    low, high = share.wilson(z)
    return Reach(share.value, share.value - low, high - share.value)


def of_scores(control: Share, treatment: Share, z: float) -> Relative | None:
    """Return the relative effect with the ratios that the score test does not reject.

    P. A. R. Koopman, Biometrics 40 (1984) 513–517. At a ratio of 1 it is the pooled z-test.
    """
    if not control.successes or not treatment.successes:
        return None
    middle = treatment.value / control.value

    def squared(ratio: float) -> float:
        return _score(control, treatment, ratio) ** 2 - z * z

    low, high = middle, middle
    while squared(low) < 0:
        low /= 2
    while squared(high) < 0:
        high *= 2
    limits = (
        root(squared, *ends, xtol=1e-15, rtol=1e-14) for ends in ((low, middle), (middle, high))
    )
    return Relative(middle - 1, *(one - 1 for one in limits))


def _score(control: Share, treatment: Share, ratio: float) -> float:
    n, m, x, y = control.n, treatment.n, control.successes, treatment.successes
    a, b, c = ratio * (n + m), -(ratio * (m + x) + n + y), x + y
    root = sqrt(max(b * b - 4 * a * c, 0.0))
    # the smaller root, without subtracting equal numbers
    p = min(2 * c / (-b + root), 1.0)
    q = min(ratio * p, 1.0)
    variance = q * (1 - q) / m + ratio * ratio * p * (1 - p) / n
    distance = treatment.value - ratio * control.value
    return distance / sqrt(variance) if variance > 0 else float("inf")
