"""Many experiments, from fact rows to results: noise is rarely found, and planned effects are.

`python -m benchmarks.experiment_errors` counts the same over thousands of them.
"""

from __future__ import annotations

import numpy as np
import pytest

from experiments.tests.simulated_trials import (
    KINDS,
    Kind,
    Trial,
    finds,
    planned,
    results_of,
    world_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]
TRIALS, LEARNERS, SEED = 40, 300, 12


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_without_an_effect_one_is_rarely_found(kind: Kind) -> None:
    rng, trial = np.random.default_rng(SEED), Trial(baseline_days=90)
    world = world_of(kind, LEARNERS, rng)
    found = sum(bool(finds(results_of(trial, world, rng))) for _ in range(TRIALS))

    # 2 of 40 are to be expected, and 7 or more would come by chance once in 250 times
    assert found <= 6


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_effect_that_can_be_detected_is_found_as_often_as_planned(kind: Kind) -> None:
    rng = np.random.default_rng(SEED)
    world = world_of(kind, LEARNERS, rng)
    trial = Trial(effect=planned(world).detectable or 0.0)
    found = [finds(results_of(trial, world, rng)) for _ in range(TRIALS)]

    # 32 of 40 are to be expected; the calculator errs a little, as it has seen 300 learners
    assert 25 <= found.count("better") <= 38
    assert not found.count("worse")


def test_looking_every_day_finds_no_more_than_promised() -> None:
    rng, trial = np.random.default_rng(SEED), Trial(is_sequential=True, looks_daily=True)
    world = world_of(KINDS["ratio"], LEARNERS, rng)
    found = sum(bool(finds(results_of(trial, world, rng))) for _ in range(TRIALS // 2))

    # 1 of 20 at most is to be expected, after 16 looks at each
    assert found <= 3


def test_looking_every_day_at_a_fixed_horizon_finds_nothing_before_its_time() -> None:
    rng, trial = np.random.default_rng(SEED), Trial(effect=0.3, looks_daily=True)
    world = world_of(KINDS["share"], LEARNERS, rng)
    *early, last = results_of(trial, world, rng)

    assert {one.outcome for one in early} <= {"no-data", "too-early"}
    assert last.outcome == "better"
