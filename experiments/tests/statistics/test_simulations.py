"""Experiments whose truth is known: how often each method claims something, and is right."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest
from numpy.random import default_rng

from experiments.statistics import (
    ArmSums,
    Cluster,
    Comparison,
    Design,
    Kind,
    MeanBaseline,
    ShareBaseline,
    baseline_of,
    compare,
    design_effect,
    intraclass_correlation,
    planned_units,
)
from experiments.tests.statistics.populations import (
    GRADES,
    MEANS,
    RATIOS,
    REVENUE,
    RUNS,
    Population,
    shares,
)

pytestmark = pytest.mark.once

EXPERIMENTS = 2_000
PAST_UNITS = 100_000
SEQUENTIAL = Design(is_sequential=True)


def _name(one: Population | float) -> str:
    return one.name if isinstance(one, Population) else str(one)


def _compared(
    population: Population,
    looks: tuple[int, ...],
    *,
    effect: float = 0.0,
    method: str = "fixed",
    seed: int,
) -> list[list[Comparison]]:
    """Return the comparisons of each experiment, one at each look."""
    random = default_rng(seed)
    controls = population.arms(random, EXPERIMENTS, looks, 0.0)
    treatments = population.arms(random, EXPERIMENTS, looks, effect)
    return [
        [
            compare(one, other, population.kind, method=method, planned_n=looks[-1])
            for one, other in zip(control, treatment, strict=True)
        ]
        for control, treatment in zip(controls, treatments, strict=True)
    ]


def _claimed(experiments: list[list[Comparison]]) -> float:
    """Return the share of the experiments that claim an effect at one of their looks."""
    claims = [any(one.is_better is not None for one in looks) for looks in experiments]
    return sum(claims) / len(claims)


def _covered(experiments: list[list[Comparison]], effect: float) -> float:
    """Return the share of the experiments whose intervals contain the effect at every look."""
    return sum(all(_contains(one, effect) for one in looks) for looks in experiments) / EXPERIMENTS


def _contains(found: Comparison, effect: float) -> bool:
    return found.low is None or found.high is None or found.low <= effect <= found.high


def _every_day(n: int, days: int = 20) -> tuple[int, ...]:
    return tuple(sorted({max(1, round(n * day / days)) for day in range(1, days + 1)}))


@pytest.mark.parametrize(
    ("population", "n"),
    [
        (shares(0.3), 400),
        (shares(0.5), 30),
        (shares(0.08), 150),
        (MEANS, 20),
        (MEANS, 200),
        (REVENUE, 100),
        (REVENUE, 400),
        (RATIOS, 40),
        (RATIOS, 300),
        (GRADES, 25),
        (GRADES, 200),
        (RUNS, 6),
        (RUNS, 12),
        (RUNS, 40),
    ],
    ids=_name,
)
def test_of_experiments_without_an_effect_3_to_7_in_100_claim_one(
    population: Population, n: int
) -> None:
    found = _compared(population, (n,), seed=n)

    assert 0.03 <= _claimed(found) <= 0.07


@pytest.mark.parametrize(
    ("population", "n"),
    [
        (shares(0.3), 400),
        (shares(0.03), 400),
        (MEANS, 40),
        (REVENUE, 400),
        (RATIOS, 60),
        (GRADES, 100),
        (RUNS, 20),
    ],
    ids=_name,
)
def test_of_sequential_experiments_looked_at_every_day_less_than_5_in_100_do(
    population: Population, n: int
) -> None:
    found = _compared(population, _every_day(n), method="sequential", seed=n)

    assert _claimed(found) < 0.05


def test_a_fixed_horizon_looked_at_every_day_is_wrong_far_too_often() -> None:
    found = _compared(MEANS, _every_day(200), seed=1)

    assert _claimed(found) > 0.15


PLANNED = [
    (shares(0.3), 0.1),
    (shares(0.08), 0.05),
    (MEANS, 0.8),
    (REVENUE, 4.0),
    (RATIOS, 0.06),
    (RUNS, 0.08),
]


def _baseline(population: Population) -> ShareBaseline | MeanBaseline:
    past: ArmSums = next(population.arms(default_rng(7), 1, (PAST_UNITS,), 0.0))[0]
    found = baseline_of(past, population.kind)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("population", "effect"), PLANNED, ids=lambda one: getattr(one, "name", one)
)
def test_with_the_planned_units_8_in_10_find_the_planned_effect(
    population: Population, effect: float
) -> None:
    n = planned_units(_baseline(population), effect)
    assert n is not None

    found = _compared(population, (ceil(n),), effect=effect, seed=2)

    assert 0.77 <= _claimed(found) <= 0.83
    assert 0.93 <= _covered(found, effect) <= 0.97


@pytest.mark.parametrize(
    ("population", "effect"), PLANNED, ids=lambda one: getattr(one, "name", one)
)
def test_with_the_planned_units_8_in_10_sequential_ones_do(
    population: Population, effect: float
) -> None:
    n = planned_units(_baseline(population), effect, SEQUENTIAL)
    assert n is not None

    found = _compared(population, _every_day(ceil(n)), effect=effect, method="sequential", seed=3)

    assert 0.77 <= _claimed(found) <= 0.83
    assert _covered(found, effect) > 0.95


def _design_of_runs(*, is_sequential: bool) -> tuple[ShareBaseline, Design]:
    """Return what is known of learners in past runs, as the calculator measures it."""
    completed, learners = (one[0] for one in RUNS.draw(default_rng(7), (1, 4_000), 0.0))
    share = completed.sum() / learners.sum()
    # a learner's deviation is 1 − share or −share; squared, its sum follows from both counts
    squares = completed * (1 - 2 * share) + learners * share**2
    clusters = [
        Cluster(int(n), float(y - share * n), float(yy))
        for n, y, yy in zip(learners, completed, squares, strict=True)
    ]
    size, alike = float(learners.mean()), intraclass_correlation(clusters) or 0
    effect = design_effect(size, alike, size_variation=float(learners.std()) / size)
    return ShareBaseline(float(share)), Design(
        design_effect=effect, cluster_size=size, is_sequential=is_sequential
    )


@pytest.mark.parametrize("effect", [0.08, 0.12, 0.2])
def test_runs_that_are_planned_from_their_learners_find_the_effect(effect: float) -> None:
    baseline, design = _design_of_runs(is_sequential=False)
    learners = planned_units(baseline, effect, design)
    assert learners

    runs = ceil(learners / (design.cluster_size or 1))
    found = _compared(RUNS, (runs,), effect=effect, seed=5)

    assert 0.77 <= _claimed(found) <= 0.83


@pytest.mark.parametrize("effect", [0.08, 0.12])
def test_so_do_sequential_ones(effect: float) -> None:
    baseline, design = _design_of_runs(is_sequential=True)
    learners = planned_units(baseline, effect, design)
    assert learners

    runs = ceil(learners / (design.cluster_size or 1))
    looks = _every_day(runs)
    found = _compared(RUNS, looks, effect=effect, method="sequential", seed=6)

    assert 0.77 <= _claimed(found) <= 0.83


@pytest.mark.parametrize("ratio", [1 / 4, 1 / 19])
def test_unequal_variants_of_a_sequential_experiment_find_the_effect(ratio: float) -> None:
    n = planned_units(MeanBaseline(4.0), 0.8, replace(SEQUENTIAL, ratio=ratio))
    assert n
    of_control, of_treatment = _every_day(ceil(n)), _every_day(ceil(n * ratio))
    random = default_rng(8)
    controls = MEANS.arms(random, EXPERIMENTS, of_control, 0.0)
    treatments = MEANS.arms(random, EXPERIMENTS, of_treatment, 0.8)
    mean = (of_control[-1] + of_treatment[-1]) / 2

    found = [
        [
            compare(one, other, Kind.MEAN, method="sequential", planned_n=mean)
            for one, other in zip(control, treatment, strict=True)
        ]
        for control, treatment in zip(controls, treatments, strict=True)
    ]

    assert 0.77 <= _claimed(found) <= 0.83


@pytest.mark.parametrize(
    ("alpha", "power", "factor"), [(0.05, 0.8, 1.74), (0.05, 0.9, 1.64), (0.01, 0.8, 1.56)]
)
def test_sequential_plans_count_that_they_need_more(
    alpha: float, power: float, factor: float
) -> None:
    fixed, sequential = (
        planned_units(
            MeanBaseline(1.0), 0.02, Design(alpha=alpha, power=power, is_sequential=method)
        )
        for method in (False, True)
    )
    assert fixed
    assert sequential

    assert sequential / fixed == pytest.approx(factor, abs=0.005)


def test_values_before_find_an_effect_with_fewer_units() -> None:
    plain = Population("without", Kind.RATIO, lambda *drawn: GRADES.draw(*drawn)[:2])
    adjusted, unadjusted = (_compared(one, (60,), effect=4.0, seed=4) for one in (GRADES, plain))

    assert _claimed(adjusted) > _claimed(unadjusted) + 0.2
    assert 0.93 <= _covered(adjusted, 4.0) <= 0.97
    assert 0.93 <= _covered(unadjusted, 4.0) <= 0.97
