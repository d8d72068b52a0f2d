from __future__ import annotations

import pytest
from pytest_django import Settings

from kpis import suppress
from kpis.stats import Sums


@pytest.fixture(autouse=True)
def _ten(settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 10


@pytest.mark.parametrize(("learners", "small"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_group_is_small_from_one_to_nine(learners: int, small: bool) -> None:
    assert suppress.is_small(Sums(learners=learners)) is small


def test_the_fewest_of_several_groups_are_not_the_empty_ones() -> None:
    assert suppress.fewest(12, 0, 4) == 4
    assert suppress.fewest(0, 0) == 0
