from __future__ import annotations

import pytest

from kpis.statistics import p_values
from kpis.statistics.intervals import Sums

ABOUT = pytest.approx


def test_a_share_is_tested_exactly() -> None:
    # 0 of 5 with a probability of 0.5: 1 ÷ 32, doubled
    assert p_values.of_share(0, 5, 0.5) == ABOUT(2 / 32)
    assert p_values.of_share(1, 5, 0.5) == ABOUT(2 / 32)
    # 2 of 4 at 0.9: 1 − 4 × 0.9³ × 0.1 − 0.9⁴ = 0.0523 in the smaller tail
    assert p_values.of_share(0.5, 4, 0.9) == ABOUT(2 * 0.0523)


def test_a_share_at_its_goal_has_a_p_value_of_1() -> None:
    assert p_values.of_share(0.5, 10, 0.5) == 1
    assert p_values.of_share(1, 10, 1) == 1
    assert p_values.of_share(0.2, 0, 0.5) == 1


def test_one_failure_disproves_a_goal_of_1() -> None:
    assert p_values.of_share(0.9, 10, 1) == 0


def test_a_mean_is_tested_with_its_own_variance() -> None:
    # 0.6, 0.8 and 1 against 0.5: t = 0.3 ÷ (0.2 ÷ √3) = 2.598; with two degrees of freedom
    # p = 1 − t ÷ √(t² + 2) = 1 − 2.598 ÷ 2.958
    assert p_values.of_mean(Sums(3, 2.4, 3, 2.0), 0.5) == ABOUT(0.1217, abs=1e-4)


def test_a_part_with_little_variance_uses_that_of_the_whole() -> None:
    # the whole, 0 and 2 twice: variance 4 ÷ 3, so t = 0.3 ÷ √(4 ÷ 9) = 0.45
    # p = 1 − 0.45 ÷ √(0.2025 + 2)
    whole = Sums(4, 4, 4, 8)

    assert p_values.of_mean(Sums(3, 2.4, 3, 2.0), 0.5, whole) == ABOUT(0.6968, abs=1e-4)


def test_equal_scores_cannot_be_tested() -> None:
    assert p_values.of_mean(Sums(10, 8, 10, 6.4), 0.5) is None
    assert p_values.of_mean(Sums(1, 0.8, 1, 0.64), 0.5) is None


def test_an_estimate_is_tested_with_the_side_of_its_interval_facing_the_goal() -> None:
    # an end of the 95% interval lies at 5%
    assert p_values.of_estimate(0.7, (0.6, 0.9), 0.9) == ABOUT(0.05)
    assert p_values.of_estimate(0.7, (0.6, 0.9), 0.6) == ABOUT(0.05)
    assert p_values.of_estimate(0.7, (0.7, 0.7), 0.6) == 0
    assert p_values.of_estimate(0.7, (0.6, 0.9), 0.7) == 1


def test_two_shares_are_compared_with_their_pooled_share() -> None:
    # 90 and 80 of 100: 0.1 ÷ √(0.85 × 0.15 × 2 ÷ 100) = 1.980
    assert p_values.of_two_shares(0.9, 100, 0.8, 100) == ABOUT(0.0477, abs=1e-4)
    assert p_values.of_two_shares(1, 100, 1, 50) == 1
    assert p_values.of_two_shares(0.9, 100, 0, 0) == 1


def test_two_means_are_compared_with_both_variances() -> None:
    # 0 and 2, then 4 and 6: t = −4 ÷ √(2 ÷ 2 + 2 ÷ 2), freedom 4 ÷ (1 + 1) = 2
    # p = 1 − 2.828 ÷ √(8 + 2)
    assert p_values.of_two_means(Sums(2, 2, 2, 4), Sums(2, 10, 2, 52)) == ABOUT(0.1056, abs=1e-4)
    assert p_values.of_two_means(Sums(2, 2, 2, 4), Sums(1, 5, 1, 25)) is None
    assert p_values.of_two_means(Sums(2, 2, 2, 2), Sums(2, 4, 2, 8)) is None


def test_counts_are_compared_per_day() -> None:
    # 1 of 6 in half of the time: 7 ÷ 64 in the smaller tail
    assert p_values.of_two_counts(1, 30, 5, 30) == ABOUT(14 / 64)
    # 2 of 3 in two thirds of the time is the most likely result
    assert p_values.of_two_counts(2, 60, 1, 30) == 1
    assert p_values.of_two_counts(0, 30, 0, 30) == 1
