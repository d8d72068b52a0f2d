"""The value at which the condition of an alert just holds. No Django here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

from kpis.statistics.effects import TAIL, variance_of
from kpis.statistics.estimates import NET, AnyEstimate, Estimate
from kpis.statistics.p_values import against_goal


def bound_of(
    one: AnyEstimate,
    goal: float,
    sign: int,
    *,
    significance: float | None = TAIL,
    between: float = 0.5,
) -> float:
    """Return the value at which an alert's condition just holds: below the goal (sign 1) or above.

    The whole interval must be beyond the goal and the p-value be significant; None: the value is
    enough. Where everybody counts once, as yes or no, the bound lies between two possible values:
    `between` 0 is the last that fires, and 1 the first that does not. If it is drawn evenly from 0
    to 1, whole counts are treated exactly like numbers without steps.
    """

    def holds(value: float) -> bool:
        if significance is None:
            return sign * (goal - value) > 0
        tried = replace(one, value=value)
        nearest = tried.interval[1] if sign > 0 else tried.interval[0]
        beyond = sign * (goal - nearest) > 0
        return beyond and against_goal(tried, goal).beyond(sign) <= significance

    if step := step_of(one):
        return _between_steps(one.value, goal, sign * step, holds, between)
    outer = goal - sign * (12 * sqrt(variance_of(one)) + abs(goal - one.value))
    if isinstance(one, Estimate):
        outer = one.scale.least if sign > 0 else one.scale.most
    return _bisected(outer, goal, holds)


def step_of(one: AnyEstimate) -> float | None:
    """Return the distance of possible values: everybody counts once, in whole numbers."""
    if isinstance(one, Estimate) and (one.is_binomial or one.scale is NET):
        return 1 / one.people
    return None


def _between_steps(
    value: float, goal: float, step: float, holds: Callable[[float], bool], between: float
) -> float:
    """Return the bound on the way from a value that fires to the goal, in whole steps."""
    few, many = 0, max(round((goal - value) / step), 0) + 1
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if holds(value + middle * step) else (few, middle)
    return value + (few + between) * step


def _bisected(outer: float, inner: float, holds: Callable[[float], bool]) -> float:
    for _ in range(50):
        middle = (outer + inner) / 2
        outer, inner = (middle, inner) if holds(middle) else (outer, middle)
    return outer
