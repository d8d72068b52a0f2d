"""Simulated experiments: the sums of many experiments at once, at one or several looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from experiments.statistics import ArmSums, BeforeSums, Kind

Values = NDArray[np.float64]
# y, x and perhaps y0 and x0, each of experiments × units
Units = tuple[Values, ...]
Draw = Callable[[Generator, tuple[int, int], float], Units]


@dataclass(frozen=True)
class Population:
    """Units whose value is higher by `effect`, in the KPI's unit, if they are treated."""

    name: str
    kind: Kind
    draw: Draw

    def arms(
        self, random: Generator, experiments: int, looks: tuple[int, ...], effect: float
    ) -> Iterator[list[ArmSums]]:
        """Yield the sums of an arm of each experiment, at each number of units."""
        units = self.draw(random, (experiments, looks[-1]), effect)
        sums = {name: column[:, np.array(looks) - 1] for name, column in _cumulated(units)}
        for row in range(experiments):
            yield [
                _arm(look, {name: float(values[row, at]) for name, values in sums.items()})
                for at, look in enumerate(looks)
            ]


def _cumulated(units: Units) -> Iterator[tuple[str, Values]]:
    named = dict(zip(("y", "x", "y0", "x0"), units, strict=False))
    for name, values in named.items():
        yield name, np.cumsum(values, axis=1)
    for one, other in product(named, repeat=2):
        yield one + other, np.cumsum(named[one] * named[other], axis=1)


def _arm(n: int, sums: dict[str, float]) -> ArmSums:
    before = None
    if "y0" in sums:
        names = ("y0", "x0", "y0y0", "x0x0", "x0y0", "yy0", "yx0", "xy0", "xx0")
        before = BeforeSums(**{name: sums[name] for name in names})
    return ArmSums(n, sums["y"], sums["x"], sums["yy"], sums["xx"], sums["xy"], before)


def shares(share: float) -> Population:
    def draw(random: Generator, size: tuple[int, int], effect: float) -> Units:
        return (random.random(size) < share + effect).astype(float), np.ones(size)

    return Population(f"shares of {share:.0%}", Kind.RATIO, draw)


def _normal(random: Generator, size: tuple[int, int], effect: float) -> Units:
    return random.normal(5 + effect, 2, size), np.ones(size)


def _revenue(random: Generator, size: tuple[int, int], effect: float) -> Units:
    """Three of ten pay, a lognormal amount: on average 0.3 · e^(3 + 0.9²/2) = 9.03, sd 21.4."""
    paid: Values = (random.random(size) < 0.3) * random.lognormal(3, 0.9, size) + effect
    return paid, np.ones(size)


def _per_session(random: Generator, size: tuple[int, int], effect: float) -> Units:
    """Ten sessions on average, each done with a chance of the learner's own, 60% on average."""
    sessions: Values = random.poisson(10 * random.gamma(2, 0.5, size)).astype(float)
    done: Values = random.binomial(sessions.astype(int), random.beta(6, 4, size)).astype(float)
    total: Values = done + effect * sessions
    return total, sessions


def _grades(random: Generator, size: tuple[int, int], effect: float) -> Units:
    """One to five grades before and after; learners differ, so that both are alike."""
    own, before, after = random.normal(70, 12, size), _few(random, size), _few(random, size)
    grades = after * (own + effect) + np.sqrt(after) * random.normal(0, 8, size)
    return grades, after, before * own + np.sqrt(before) * random.normal(0, 8, size), before


def _few(random: Generator, size: tuple[int, int]) -> Values:
    return random.integers(1, 6, size).astype(float)


def _runs(random: Generator, size: tuple[int, int], effect: float) -> Units:
    """Runs of about 25 learners, of whom about 60% complete; runs differ (ICC about 0.05)."""
    learners: Values = (5 + random.poisson(20, size)).astype(float)
    own = np.clip(random.normal(0.6 + effect, 0.11, size), 0, 1)
    completed: Values = random.binomial(learners.astype(int), own).astype(float)
    return completed, learners


MEANS = Population("means", Kind.MEAN, _normal)
REVENUE = Population("revenue", Kind.MEAN, _revenue)
RATIOS = Population("ratios", Kind.RATIO, _per_session)
GRADES = Population("ratios with values before", Kind.RATIO, _grades)
RUNS = Population("runs", Kind.RATIO, _runs)
