"""One p-value per question: value against goal, against earlier value, count against count.

No Django here. Where everybody counts once, as yes or no, a value is tested exactly: for many
modules with few learners, the normal approximation finds two to ten times too many differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from scipy.special import betainc, stdtr

from kpis.statistics.estimates import AnyEstimate, Estimate, MeanEstimate


@dataclass(frozen=True)
class Chances:
    """How likely a result is that differs at least as much, in each direction."""

    at_most: float = 1.0
    at_least: float = 1.0

    @property
    def two_sided(self) -> float:
        """Return the p-value of a difference in any direction: twice the smaller chance."""
        return min(1.0, 2 * min(self.at_most, self.at_least))

    def beyond(self, sign: int) -> float:
        """Return the p-value of a result below the goal (sign 1) or above it (sign -1)."""
        return self.at_most if sign > 0 else self.at_least


CERTAIN_ABOVE, CERTAIN_BELOW = Chances(at_least=0.0), Chances(at_most=0.0)


def against_goal(now: AnyEstimate, goal: float, around: AnyEstimate | None = None) -> Chances:
    """Test a value against a goal: exactly, or else with the statistic of its interval.

    If people differ less than those `around` them, such as a module's in the course, the dispersion
    of these is used: scores crowd at the upper end, so parts with high scores by chance would also
    seem the most certain.
    """
    if isinstance(now, MeanEstimate):
        return _of_t(now.value - goal, now.variance, now.freedom)
    share, bound = now.share, now.scale.share(goal)
    if now.is_binomial:
        return binomial(share * now.people, now.people, bound)
    if isinstance(around, Estimate) and around.dispersion > now.dispersion:
        now = now.with_dispersion(around.dispersion)
    return _of_t(share - bound, bound * (1 - bound) / now.n, now.freedom)


def against_earlier(now: AnyEstimate, before: AnyEstimate, change: float = 0.0) -> Chances:
    """Test whether a value differs from an earlier one by anything but `change`.

    The pooled score test of two shares, here of effective sample sizes: with a change, C. W.
    Dunnett and M. Gent, Biometrics 33 (1977) 593–602. The degrees of freedom are those of B. L.
    Welch, Biometrika 34 (1947) 28–35.
    """
    if isinstance(now, MeanEstimate) or isinstance(before, MeanEstimate):
        return _of_two_means(now, before, change)
    expected = change / (now.scale.most - now.scale.least)
    n, then = now.n, before.n
    pooled = (now.share * n + before.share * then) / (n + then)
    variances = [
        share * (1 - share) / size
        for share, size in (
            (_limited(pooled + expected * then / (n + then)), n),
            (_limited(pooled - expected * n / (n + then)), then),
        )
    ]
    freedom = _joint_freedom(variances, (now.freedom, before.freedom))
    return _of_t(now.share - before.share - expected, sum(variances), freedom)


def _of_two_means(now: AnyEstimate, before: AnyEstimate, change: float) -> Chances:
    if isinstance(now, Estimate) or isinstance(before, Estimate):
        raise TypeError("A mean without bounds can only be compared with another one.")
    variances = (now.variance, before.variance)
    freedom = _joint_freedom(variances, (now.freedom, before.freedom))
    return _of_t(now.value - before.value - change, sum(variances), freedom)


def _joint_freedom(variances: Sequence[float], freedoms: Sequence[float]) -> float:
    parts = zip(variances, freedoms, strict=True)
    uncertain = sum(variance**2 / freedom for variance, freedom in parts)
    return sum(variances) ** 2 / uncertain if uncertain else inf


def against_count(count: float, days: float, before: float, then: float) -> Chances:
    """Test whether a count in `days` differs from an earlier one in `then` days.

    This tests the share of the later count in both: J. Przyborowski and H. Wilenski, Biometrika 31
    (1940) 313–323.
    """
    if count + before <= 0 or days + then <= 0:
        return Chances()
    return binomial(count, count + before, days / (days + then))


def binomial(hits: float, n: float, goal: float) -> Chances:
    """Return the exact chances of so many hits of `n`.

    The tails are written with the incomplete beta function, so that `hits` need not be whole.
    """
    if n <= 0:
        return Chances()
    at_most = 1.0 if hits >= n else float(betainc(n - hits, hits + 1, 1 - goal))
    at_least = 1.0 if hits <= 0 else float(betainc(hits, n - hits + 1, goal))
    return Chances(at_most, at_least)


def _of_t(difference: float, variance: float, freedom: float) -> Chances:
    if variance <= 0:
        if not difference:
            return Chances()
        return CERTAIN_ABOVE if difference > 0 else CERTAIN_BELOW
    t = difference / sqrt(variance)
    return Chances(float(stdtr(freedom, t)), float(stdtr(freedom, -t)))


def _limited(share: float) -> float:
    return min(max(share, 0.0), 1.0)
