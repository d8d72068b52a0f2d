from __future__ import annotations

import pytest

from kpis.stats import Sums, normal, weighted_mean, weighted_mean_interval, wilson


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
def test_wilson_gives_the_published_intervals(of: int, n: int, low: float, high: float) -> None:
    assert wilson(of / n, n) == near(low, high)


def test_wilson_of_all_is_the_mirror_of_none() -> None:
    assert wilson(1, 20) == near(1 - 0.1611, 1)


def test_wilson_of_one_is_wide() -> None:
    # (1 + z²/2 ± z √(z²/4)) ÷ (1 + z²) with z² = 3.8415: 1 ÷ 4.8415 and 1
    assert wilson(1, 1) == near(0.2065, 1)


def test_of_nobody_there_is_no_interval() -> None:
    assert wilson(0, 0) is None
    assert normal(Sums(squares=0)) is None
    assert normal(Sums(1, 0.5, 1, 0.25)) is None


def test_the_normal_interval_comes_from_the_sample_variance() -> None:
    # 0.6, 0.8 and 1: mean 0.8, variance 0.04, so 0.8 ± 1.96 × √(0.04 ÷ 3)
    assert normal(Sums(3, 2.4, 3, 0.36 + 0.64 + 1)) == near(0.5737, 1.0263)


def test_equal_scores_have_no_spread() -> None:
    assert normal(Sums(2, 1.6, 2, 1.28)) == near(0.8, 0.8)


def test_a_mean_without_squares_has_no_normal_interval() -> None:
    assert normal(Sums(3, 2.4, 3)) is None


def test_a_weighted_mean_weighs() -> None:
    assert weighted_mean([(1, 0.5), (3, 0.9)]) == pytest.approx(0.8)
    assert weighted_mean([(0, 0.5)]) is None


def test_the_interval_of_a_mean_recovers_the_variances() -> None:
    # halves of 0.5 (0.4–0.6) and 0.9 (0.8–0.96): 0.7 − ½√(0.1² + 0.1²), 0.7 + ½√(0.1² + 0.06²)
    parts = [(1.0, 0.5, (0.4, 0.6)), (1.0, 0.9, (0.8, 0.96))]

    assert weighted_mean_interval(parts) == near(0.6293, 0.7583)


def test_without_weight_a_mean_has_no_interval() -> None:
    assert weighted_mean_interval([(0, 0.5, (0.4, 0.6))]) is None


def test_sums_add_up_but_for_learners_who_may_be_the_same() -> None:
    assert Sums(2, 1.5, 2, 1.2, 2) + Sums(3, 2, 4, None, 1) == Sums(5, 3.5, 6, 1.2, 2)


def test_nothing_divided_by_nothing_is_no_value() -> None:
    assert Sums().value is None
    assert Sums(2, 0, 2).value == 0
