from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kpis.statistics.intervals import (
    Interval,
    Sums,
    mean_interval,
    net_interval,
    weighted_mean,
    weighted_mean_interval,
    wilson,
)


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


def test_without_observations_there_is_no_interval() -> None:
    assert wilson(0, 0) is None
    assert mean_interval(Sums(squares=0)) is None
    assert mean_interval(Sums(1, 0.5, 1, 0.25)) is None


def test_the_interval_of_a_mean_comes_from_the_sample_variance() -> None:
    # scores 0.75, 0.8 and 0.85: mean 0.8, variance 0.0025, t of 2 is 4.3027
    assert mean_interval(Sums(3, 2.4, 3, 0.5625 + 0.64 + 0.7225)) == near(0.6758, 0.9242)


def test_a_mean_of_shares_lies_between_0_and_1() -> None:
    assert mean_interval(Sums(2, 1.6, 2, 0.36 + 1)) == near(0.0, 1.0)


def test_equal_scores_have_an_interval_too() -> None:
    # 10 scores of 0.75: Wilson's interval for 0 of 10 ends at 0.2775
    assert mean_interval(Sums(10, 7.5, 10, 5.625)) == near(0.75 - 0.2775 * 0.75, 0.75 + 0.2775 / 4)


def test_a_mean_without_squares_has_no_interval() -> None:
    assert mean_interval(Sums(3, 2.4, 3)) is None
    assert net_interval(Sums(3, 2, 3)) is None


def test_a_net_share_adds_one_observation_on_each_side() -> None:
    # 6 promoters, 2 detractors of 10: 7 and 3 of 12, net 0.3333, variance 0.7222 of 12
    assert net_interval(Sums(10, 4, 10, 8)) == near(-0.1475, 0.8142)


def test_a_net_share_of_1_still_has_an_interval() -> None:
    assert net_interval(Sums(50, 50, 50, 50)) == near(0.8869, 1.0)


@pytest.mark.once
@pytest.mark.parametrize("n", [10, 30, 100, 1_000])
def test_the_intervals_cover_the_truth(n: int) -> None:
    """Check coverage on 4,000 seeded samples each: scores around 80%, and NPS answers."""
    chance = np.random.default_rng(n)
    scores = chance.beta(8, 2, size=(4_000, n))
    answers = chance.choice([1, 0, -1], p=[0.6, 0.25, 0.15], size=(4_000, n))

    assert 0.93 <= covered(mean_interval, scores, 0.8) <= 0.97
    assert 0.93 <= covered(net_interval, answers, 0.45) <= 0.97


def covered(interval: Callable[[Sums], Interval | None], samples: Any, truth: float) -> float:
    hits = 0
    for one in samples:
        found = interval(Sums(len(one), float(one.sum()), len(one), float((one * one).sum())))
        hits += found is not None and found[0] <= truth <= found[1]
    return hits / len(samples)


def test_a_weighted_mean_uses_the_weights() -> None:
    assert weighted_mean([(1, 0.5), (3, 0.9)]) == pytest.approx(0.8)
    assert weighted_mean([(0, 0.5)]) is None


def test_a_weighted_mean_s_interval_recovers_the_variances() -> None:
    # halves of 0.5 (0.4–0.6) and 0.9 (0.8–0.96): 0.7 − ½√(0.1² + 0.1²), 0.7 + ½√(0.1² + 0.06²)
    parts = [(1.0, 0.5, (0.4, 0.6)), (1.0, 0.9, (0.8, 0.96))]

    assert weighted_mean_interval(parts) == near(0.6293, 0.7583)


def test_without_weight_a_mean_has_no_interval() -> None:
    assert weighted_mean_interval([(0, 0.5, (0.4, 0.6))]) is None


def test_sums_add_up_except_for_learners() -> None:
    assert Sums(2, 1.5, 2, 1.2, 2) + Sums(3, 2, 4, None, 1) == Sums(5, 3.5, 6, 1.2, 2)


def test_without_weight_there_is_no_value() -> None:
    assert Sums().value is None
    assert Sums(2, 0, 2).value == 0
