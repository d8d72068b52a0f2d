"""Compare a value with a goal or an earlier value: one way for pages, alerts and findings.

A difference is certain enough to be reported when both its 95% interval and its p-value say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from kpis.query.results import MetricValue
from kpis.statistics import p_values
from kpis.statistics.intervals import Interval
from kpis.statistics.p_values import Chances
from kpis.statistics.significance import ONE_SIDED, difference


@dataclass(frozen=True)
class Comparison:
    """A value, or its change, and the goal it is compared with; shares are 0–1.

    Changes of counts have no interval.
    """

    goal: float
    interval: Interval | None
    chances: Chances

    @property
    def is_outside(self) -> bool:
        """True if the interval does not contain the goal."""
        return self.interval is None or not self.interval[0] <= self.goal <= self.interval[1]

    @property
    def may_be_chance(self) -> bool:
        """True if the interval contains the goal, or the test is not significant at 5%."""
        return not self.is_outside or self.chances.two_sided > 2 * ONE_SIDED


def with_goal(
    one: MetricValue, goal: float, around: MetricValue | None = None
) -> Comparison | None:
    """Compare a value with a goal in display units; None without an estimate.

    `around` is the value of the whole that this one is a part of.
    """
    if one.estimate is None:
        return None
    bound = goal / one.indicator.unit.scale
    chances = p_values.against_goal(one.estimate, bound, around.estimate if around else None)
    return Comparison(bound, one.interval, chances)


def with_target(one: MetricValue, around: MetricValue | None = None) -> Comparison | None:
    """Compare a value with its target; None without a target or an estimate."""
    return None if one.target is None else with_goal(one, float(one.target.value), around)


def with_earlier(one: MetricValue, before: MetricValue, change: float = 0.0) -> Comparison | None:
    """Compare the change since an earlier value with another in display units, by default none.

    None if the sums do not allow a test: those of amounts of money do not have the spread of the
    single payments.
    """
    expected = change / one.indicator.unit.scale
    if one.indicator.is_total:
        chances = None if expected else _chances_of_counts(one, before)
        return None if chances is None else Comparison(expected, None, chances)
    if one.estimate is None or before.estimate is None:
        return None
    chances = p_values.against_earlier(one.estimate, before.estimate, expected)
    return Comparison(expected, _interval_of_change(one, before), chances)


def _chances_of_counts(one: MetricValue, before: MetricValue) -> Chances | None:
    if one.sums.total != one.sums.n or before.sums.total != before.sums.n:
        return None
    return p_values.against_count(one.sums.n, one.period.days, before.sums.n, before.period.days)


def _interval_of_change(one: MetricValue, before: MetricValue) -> Interval | None:
    if one.interval is None or before.interval is None:
        return None
    if one.value is None or before.value is None:
        return None
    return difference(one.value, one.interval, before.value, before.interval)
