from __future__ import annotations

import pytest
from pytest_django import Settings

from kpis.disclosure import small_groups
from kpis.statistics.intervals import Sums


@pytest.fixture(autouse=True)
def _ten(settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 10


@pytest.mark.parametrize(("learners", "small"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_group_is_small_from_one_to_nine(learners: int, small: bool) -> None:
    assert small_groups.is_small(Sums(learners=learners)) is small


def test_empty_groups_do_not_count_as_the_smallest() -> None:
    assert small_groups.fewest(12, 0, 4) == 4
    assert small_groups.fewest(0, 0) == 0


def done(people: int, completed: int) -> Sums:
    return Sums(people, completed, people, people)


def test_a_shown_part_is_hidden_if_all_hidden_ones_are_alike() -> None:
    # 5 and 12 are hidden, and all of them completed: with Cleo's or Dan's they would not be alike
    parts = {"ada": done(5, 5), "bo": done(12, 12), "cleo": done(20, 9), "dan": done(30, 9)}

    assert small_groups.to_hide_beside(parts, {"ada", "bo"}) == {"cleo"}
    assert small_groups.to_hide_beside(parts | {"bo": done(12, 11)}, {"ada", "bo"}) == set()


def test_every_process_hides_the_same_of_equally_small_parts() -> None:
    hidden = {0: done(5, 5)}
    parts = hidden | {8: done(20, 9), 1: done(20, 9)}

    assert small_groups.to_hide_beside(parts, {0}) == {1}


def test_nothing_more_is_hidden_if_all_are_alike_or_no_group_is_small() -> None:
    alike = {"ada": done(5, 0), "bo": done(12, 0), "cleo": done(20, 0)}
    assert small_groups.to_hide_beside(alike, {"ada", "bo"}) == set()

    many = {"ada": done(15, 15), "bo": done(12, 12), "cleo": done(20, 9)}
    assert small_groups.to_hide_beside(many, {"ada", "bo"}) == set()
