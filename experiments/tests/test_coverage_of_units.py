"""Learners without a value: they count as 0 in a total, and tell nothing about a share."""

from __future__ import annotations

import numpy as np
import pytest

from curriculum.models import Enrollment
from experiments.tests.simulated_trials import BEFORE, KINDS, World, planned, world_of
from experiments.tests.trials import enroll_many

pytestmark = pytest.mark.django_db


def world(kind: str) -> World:
    return world_of(KINDS[kind], 200, np.random.default_rng(12))


def add_silent(world: World, number: int) -> None:
    enroll_many(world.runs[0], number, at=BEFORE, prefix="silent")
    assert Enrollment.objects.count() == 200 + number


def test_twice_as_many_units_are_needed_if_half_of_them_answer() -> None:
    answering = world("share")
    before = planned(answering, effect=0.1)
    add_silent(answering, 200)
    after = planned(answering, effect=0.1)

    assert (before.coverage, after.coverage) == (1.0, 0.5)
    assert before.needed is not None
    assert after.needed in (2 * before.needed - 1, 2 * before.needed)
    assert after.baseline == before.baseline


def test_learners_who_pay_nothing_lower_the_total_per_learner() -> None:
    paying = world("mean")
    before = planned(paying, effect=1_000)
    add_silent(paying, 200)
    after = planned(paying, effect=1_000)

    assert before.baseline is not None
    assert after.baseline == pytest.approx(before.baseline / 2)
    assert after.coverage == before.coverage / 2
