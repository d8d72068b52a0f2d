from __future__ import annotations

import pytest
from pytest_django import Settings

from kpis import suppress
from kpis.stats import Sums


@pytest.fixture(autouse=True)
def _ten(settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 10


def of(**learners: int) -> dict[str, Sums]:
    return {name: Sums(n, n, n, None, n) for name, n in learners.items()}


@pytest.mark.parametrize(("learners", "small"), [(0, False), (1, True), (9, True), (10, False)])
def test_a_group_is_small_from_one_to_nine(learners: int, small: bool) -> None:
    assert suppress.is_small(Sums(learners=learners)) is small


def test_large_groups_are_all_shown() -> None:
    assert suppress.hidden(of(ada=10, bo=12)) == set()


def test_with_one_small_group_the_next_smallest_goes() -> None:
    assert suppress.hidden(of(ada=3, bo=40, cleo=12)) == {"ada", "cleo"}


def test_two_small_groups_take_a_large_one_along() -> None:
    # 3 and 4 alone would leave a rest of 7
    assert suppress.hidden(of(ada=3, bo=4, cleo=50, dee=40)) == {"ada", "bo", "dee"}


def test_an_empty_group_hides_nobody() -> None:
    assert suppress.hidden(of(ada=3, bo=0)) == {"ada"}


def test_what_is_hidden_already_takes_another_along() -> None:
    assert suppress.hidden(of(ada=30, bo=20), already={"ada"}) == {"ada", "bo"}


def test_a_table_is_closed_in_both_directions() -> None:
    cells = of(a1=3, a2=20, a3=30, b1=25, b2=26, b3=40)
    rows, columns = [["a1", "a2", "a3"], ["b1", "b2", "b3"]], [["a1", "b1"], ["a2", "b2"]]

    # a1 is small; a2 goes with it in the row and b1 in the column, b2 so that neither is told
    assert suppress.hidden(cells, [*rows, *columns]) == {"a1", "a2", "b1", "b2"}
