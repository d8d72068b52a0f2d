"""Many years in which an alert fired and something was changed, without a database.

A KPI has a true level until the change and another one after it. In each year, the periods that an
alert needs are drawn until its condition holds, so that all of them show the return toward the
mean. Then come the rest of the window before, up to the change, and the window after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from alerts.evaluation.state_machine import OK, Observation, Policy
from kpis.statistics.alert_bounds import bound_of
from kpis.statistics.effects import (
    Effect,
    Moved,
    Selected,
    combined,
    effect,
    moved,
)
from kpis.statistics.estimates import NET, AnyEstimate, estimate, estimate_mean
from kpis.statistics.intervals import Spread, Sums
from kpis.statistics.p_values import against_goal
from kpis.statistics.significance import ONE_SIDED
from kpis.tests.measured import NOW

Numbers = np.ndarray
Draw = Callable[[np.random.Generator, float, int], Numbers]


def shares(rng: np.random.Generator, level: float, n: int) -> Numbers:
    """Draw who reached the goal."""
    return (rng.random(n) < level).astype(float)


def scores(rng: np.random.Generator, level: float, n: int) -> Numbers:
    """Draw scores between 0 and 1."""
    return rng.beta(5 * level, 5 * (1 - level), n)


def recommendations(rng: np.random.Generator, level: float, n: int) -> Numbers:
    """Draw promoters (1), passives (0) and detractors (-1)."""
    return rng.choice((1.0, 0.0, -1.0), size=n, p=((0.8 + level) / 2, 0.2, (0.8 - level) / 2))


def amounts(rng: np.random.Generator, level: float, n: int) -> Numbers:
    """Draw amounts of money."""
    return rng.gamma(4, level / 4, n)


def sums_of(values: Numbers) -> Sums:
    n, total = len(values), float(values.sum())
    return Sums(n, total, float(n), n, Spread(n, float((values**2).sum()), float(n), total))


@dataclass(frozen=True)
class Kind:
    """A kind of KPI: how people's values are drawn and what is estimated from them."""

    draw: Draw
    estimated: Callable[[Sums], AnyEstimate | None]

    def of(self, values: Numbers) -> AnyEstimate:
        found = self.estimated(sums_of(values))
        assert found is not None
        return found


SHARES = Kind(shares, estimate)
SCORES = Kind(scores, estimate)
RECOMMENDATIONS = Kind(recommendations, lambda sums: estimate(sums, NET))
AMOUNTS = Kind(amounts, estimate_mean)


@dataclass(frozen=True)
class Year:
    """The measured effect and the true one."""

    effect: Effect
    truth: float

    @property
    def is_covered(self) -> bool:
        low, high = self.effect.interval
        return low <= self.truth <= high


@dataclass
class Story:
    """A level before and after, a rule, and what happened between the alert and the change.

    The alert opens after `patience` periods of `n` people below the target and stays open in
    `open_` more. `rest` people follow until the change, and `after` people after it. Each of so
    many `controls` has as many people, and everybody's level changes by `trend`.
    """

    kind: Kind
    before: float
    after_level: float
    target: float
    n: int = 100
    patience: int = 1
    open_: int = 0
    rest: int = 33
    after: int = 200
    controls: int = 0
    trend: float = 0.0
    seed: int = 1
    policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.policy = Policy(patience=self.patience)

    def years(self, number: int) -> list[Year]:
        return [self._year() for _ in range(number)]

    def fired(self) -> Numbers:
        """Draw the values of a period in which the alert fires."""
        return self._until(self._fires)

    def _year(self) -> Year:
        fired = [self.fired() for _ in range(self.patience)]
        stayed = [self._until(self._is_open) for _ in range(self.open_)]
        rest = self.kind.draw(self.rng, self.before, self.rest)
        before = np.concatenate([*fired, *stayed, rest])
        after = self.kind.draw(self.rng, self.after_level + self.trend, self.after)
        share = self.n / len(before)
        selected = [
            *(self._selected(one, ONE_SIDED, share) for one in fired),
            *(self._selected(one, None, share) for one in stayed),
        ]
        controls = combined(list(self._controls(len(before))))
        found = effect(self.kind.of(before), self.kind.of(after), selected, controls=controls)
        return Year(found, self.after_level - self.before)

    def _controls(self, before: int) -> Iterator[Moved]:
        for _ in range(self.controls):
            then = self.kind.draw(self.rng, self.before, before)
            now = self.kind.draw(self.rng, self.before + self.trend, self.after)
            yield moved(self.kind.of(then), self.kind.of(now))

    def _until(self, holds: Callable[[AnyEstimate], bool]) -> Numbers:
        while True:
            values = self.kind.draw(self.rng, self.before, self.n)
            if values.mean() < self.target and holds(self.kind.of(values)):
                return values

    def _fires(self, one: AnyEstimate) -> bool:
        """Return whether the alert's own rules say so."""
        significant = against_goal(one, self.target).beyond(1) <= ONE_SIDED
        return self.policy.is_breach(self._observation(one, is_significant=significant))

    def _is_open(self, one: AnyEstimate) -> bool:
        return not self.policy.is_recovered(self._observation(one))

    def _observation(self, one: AnyEstimate, *, is_significant: bool = True) -> Observation:
        return Observation(
            NOW.date(),
            NOW,
            OK,
            one.value,
            self.target,
            one.interval,
            self.n,
            is_significant=is_significant,
        )

    def _selected(self, values: Numbers, significance: float | None, share: float) -> Selected:
        one = self.kind.of(values)
        between = float(self.rng.random())
        bound = bound_of(one, self.target, 1, significance=significance, between=between)
        return Selected(one, bound, share)


def naive_coverage(years: list[Year], deviation: float) -> float:
    """Return how often after minus before would cover the truth without the selection."""
    covered = [abs(one.effect.observed - one.truth) <= 1.96 * deviation for one in years]
    return sum(covered) / len(covered)


def deviation_of(level: float, sizes: tuple[int, int]) -> float:
    """Return the standard error of a difference of two shares."""
    return sqrt(level * (1 - level) * sum(1 / one for one in sizes))
