from __future__ import annotations

import pytest

from kpis.statistics.intervals import CrossSums, Spread, Sums, wilson


def near(*values: float) -> object:
    return pytest.approx(values, abs=5e-5)


@pytest.mark.parametrize(
    ("of", "n", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_the_published_intervals(of: int, n: int, low: float, high: float) -> None:
    assert wilson(of / n, n) == near(low, high)


def test_wilson_of_all_mirrors_wilson_of_none() -> None:
    assert wilson(1, 20) == near(1 - 0.1611, 1)


def test_wilson_of_one_is_wide() -> None:
    # (1 + z²/2 ± z √(z²/4)) ÷ (1 + z²) with z² = 3.8415: 1 ÷ 4.8415 and 1
    assert wilson(1, 1) == near(0.2065, 1)


def test_wilson_takes_another_quantile() -> None:
    # with 2 for z: (0.5 + 4 ÷ 20 ± 2 √(0.25 ÷ 10 + 4 ÷ 400)) ÷ 1.4
    assert wilson(0.5, 10, 2) == near(0.5 - 0.26726, 0.5 + 0.26726)


def test_without_observations_there_is_no_interval() -> None:
    assert wilson(0, 0) is None


def test_sums_add_up_except_for_learners() -> None:
    one, other = Spread(2, 1.25, 2, 1.5), Spread(1, 4, 16, 8)

    assert Sums(2, 1.5, 2, learners=2, spread=one) + Sums(4, 2, 4, learners=1, spread=other) == (
        Sums(6, 3.5, 6, learners=2, spread=Spread(3, 5.25, 18, 9.5))
    )


def test_nothing_adds_nothing_to_a_spread() -> None:
    one = Sums(2, 1.5, 2, learners=2, spread=Spread(2, 1.25, 2, 1.5))

    assert one + Sums() == one
    assert Sums() + one == one


def test_a_part_without_a_spread_leaves_the_whole_without_one() -> None:
    assert (Sums(2, 1, 2, spread=Spread(2, 1, 2, 1)) + Sums(3, 1, 3)).spread is None


def test_cross_sums_can_be_mirrored() -> None:
    assert CrossSums(yy=1, yx=2, xy=3, xx=4).mirrored == CrossSums(yy=1, yx=3, xy=2, xx=4)


def test_without_weight_there_is_no_value() -> None:
    assert Sums().value is None
    assert Sums(2, 0, 2).value == 0
