"""Simulations: the 95% interval of every kind of KPI contains the truth 93 to 97 times in 100.

And where nothing differs, a p-value below 5% is no more frequent than that.

Each simulation averages over five truths from 30% to 90%, because a single one is met too often or
too rarely where few people count as yes or no. Learners have different numbers of rows, and their
own chances, spread around the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from kpis.statistics import p_values
from kpis.statistics.estimates import (
    NET,
    SHARE,
    Estimate,
    Scale,
    WeightedPart,
    estimate,
    weighted_estimate,
)
from kpis.statistics.intervals import CrossSums, Spread, Sums

pytestmark = pytest.mark.once

Array = Any
# totals and weights by sample and person
Figures = tuple[Array, Array]
SAMPLES = {10: 4_000, 30: 2_000, 100: 2_000, 1_000: 2_000}
TRUTHS = (0.3, 0.5, 0.7, 0.8, 0.9)


class Draw:
    """Draws of samples of n people, each sample with one of the truths."""

    def __init__(self, n: int) -> None:
        self.random = np.random.default_rng(n)
        self.size = (SAMPLES[n], n)
        self.truths = np.resize(TRUTHS, SAMPLES[n])
        self.truth = np.broadcast_to(self.truths[:, None], self.size)

    def people(self, alike: float) -> Array:
        """Return each person's own chance; `alike` is the correlation of their rows."""
        both = 1 / alike - 1
        return self.random.beta(both * self.truth, both * (1 - self.truth))

    def rows(self, more: float) -> Array:
        """Return each person's number of rows, at least one."""
        return 1 + self.random.poisson(more, self.size)

    def yes(self, chances: Array, rows: Array) -> Figures:
        return 1.0 * np.asarray(self.random.binomial(rows, chances)), 1.0 * rows


def once(draw: Draw) -> Figures:
    """Draw completions, retained customers: everybody counts once."""
    return draw.yes(draw.truth, np.ones(draw.size, dtype=int))


def weeks(draw: Draw) -> Figures:
    """Draw the weeks of a month, in some of which a learner was active."""
    return draw.yes(draw.people(alike=0.5), draw.random.integers(1, 6, draw.size))


def skills(draw: Draw) -> Figures:
    """Draw pairs of learner and skill."""
    return draw.yes(draw.people(alike=0.25), draw.rows(more=3))


def enrollments(draw: Draw) -> Figures:
    """Draw enrollments, of which few learners have several."""
    return draw.yes(draw.people(alike=0.3), draw.rows(more=0.2))


def minutes(draw: Draw) -> Figures:
    """Draw minutes done of those due: modules of 10 to 60 minutes."""
    chances, rows = draw.people(alike=0.3), draw.rows(more=4)
    done, due = np.zeros(draw.size), np.zeros(draw.size)
    for at in range(int(rows.max())):
        module = np.where(at < rows, draw.random.integers(1, 7, draw.size) * 10, 0)
        due += module
        done += module * (draw.random.random(draw.size) < chances)
    return done, due


def videos(draw: Draw) -> Figures:
    """Draw seconds watched of the durations: half of the videos to the end or not at all."""
    chances, rows = draw.people(alike=0.2), draw.rows(more=4)
    watched, durations = np.zeros(draw.size), np.zeros(draw.size)
    for at in range(int(rows.max())):
        video = np.where(at < rows, draw.random.lognormal(6, 0.5, draw.size), 0)
        is_whole = draw.random.random(draw.size) < 0.5
        part = np.where(is_whole, draw.random.random(draw.size) < chances, chances)
        durations += video
        watched += video * part
    return watched, durations


def grades(draw: Draw) -> Figures:
    """Draw scores that crowd at the upper end, several of each learner."""
    chances, rows = draw.people(alike=0.1).clip(0.01, 0.99), draw.rows(more=2)
    scores = np.zeros(draw.size)
    for at in range(int(rows.max())):
        scores += np.where(at < rows, draw.random.beta(8 * chances, 8 * (1 - chances)), 0)
    return scores, rows.astype(float)


def single_grades(draw: Draw) -> Figures:
    return draw.random.beta(9 * draw.truth, 9 * (1 - draw.truth)), np.ones(draw.size)


def net_answers(draw: Draw) -> Figures:
    """Draw promoters, passives and detractors: the net share is the truth less a tenth."""
    chance = draw.random.random(draw.size)
    detractors = 0.05
    promoters = draw.truth - 0.1 + detractors
    answers = np.where(chance < detractors, -1, np.where(chance > 1 - promoters, 1, 0))
    return answers.astype(float), np.ones(draw.size)


def sums(y: Array, x: Array) -> list[Sums]:
    spreads = zip((y * y).sum(1), (x * x).sum(1), (x * y).sum(1), strict=True)
    totals = zip(y.sum(1), x.sum(1), spreads, strict=True)
    return [
        Sums(len(y[0]), float(total), float(weight), spread=Spread(len(y[0]), *map(float, spread)))
        for total, weight, spread in totals
    ]


def coverage(found: Sequence[Estimate | None], truths: Array) -> float:
    hits = 0
    for one, truth in zip(found, truths, strict=True):
        assert one is not None
        hits += one.interval[0] <= truth <= one.interval[1]
    return hits / len(found)


KINDS: list[tuple[Callable[[Draw], Figures], Scale, float]] = [
    (once, SHARE, 0),
    (weeks, SHARE, 0),
    (skills, SHARE, 0),
    (enrollments, SHARE, 0),
    (minutes, SHARE, 0),
    (videos, SHARE, 0),
    (grades, SHARE, 0),
    (single_grades, SHARE, 0),
    (net_answers, NET, -0.1),
]


@pytest.mark.parametrize("n", SAMPLES)
@pytest.mark.parametrize(("kind", "scale", "shift"), KINDS)
def test_the_interval_covers_the_truth(
    kind: Callable[[Draw], Figures], scale: Scale, shift: float, n: int
) -> None:
    draw = Draw(n)
    found = [estimate(one, scale) for one in sums(*kind(draw))]

    assert 0.93 <= coverage(found, draw.truths + shift) <= 0.97


@pytest.mark.parametrize("n", [10, 100])
@pytest.mark.parametrize(("kind", "scale", "shift"), KINDS)
def test_without_a_difference_a_p_value_below_5_percent_is_as_rare_as_that(
    kind: Callable[[Draw], Figures], scale: Scale, shift: float, n: int
) -> None:
    draw = Draw(n)
    now, before = (
        [one for one in (estimate(of, scale) for of in sums(*kind(draw))) if one] for _ in range(2)
    )
    of_values = [
        p_values.against_goal(one, truth + shift).two_sided
        for one, truth in zip(now, draw.truths, strict=True)
    ]
    of_changes = [
        p_values.against_earlier(one, then).two_sided for one, then in zip(now, before, strict=True)
    ]

    assert np.mean(np.array(of_values) < 0.05) < 0.07
    assert np.mean(np.array(of_changes) < 0.05) < 0.07


@pytest.mark.parametrize("n", SAMPLES)
def test_the_interval_of_a_weighted_mean_covers_the_truth(n: int) -> None:
    """Draw three components of the same learners, whose chances are the same in each."""
    draw = Draw(n)
    chances = draw.people(alike=0.3)
    draw.people = lambda alike: chances  # type: ignore[method-assign]
    figures = {"videos": videos(draw), "weeks": weeks(draw), "skills": skills(draw)}
    weights = {"videos": 0.4, "weeks": 0.3, "skills": 0.3}
    parts = {key: sums(*one) for key, one in figures.items()}
    pairs = {(a, b): cross(figures[a], figures[b]) for a, b in combinations(figures, 2)}
    found = [
        weighted_estimate(
            [WeightedPart(key, weights[key], of_samples[at]) for key, of_samples in parts.items()],
            {pair: of_samples[at] for pair, of_samples in pairs.items()},
        )
        for at in range(len(draw.truths))
    ]

    assert 0.93 <= coverage(found, draw.truths) <= 0.97


def cross(one: Figures, other: Figures) -> list[CrossSums]:
    (y, x), (v, u) = one, other
    products = ((y * v).sum(1), (y * u).sum(1), (x * v).sum(1), (x * u).sum(1))
    return [CrossSums(*map(float, of_sample)) for of_sample in zip(*products, strict=True)]
