from __future__ import annotations

import random

from scipy.stats import false_discovery_control

from kpis.statistics.intervals import wilson
from kpis.statistics.significance import are_significant, difference, discoveries


def test_a_difference_uses_the_far_sides_of_both_intervals() -> None:
    # 80% (77–83) after 90% (88–92): -10 ± √(3² + 2²) = -10 ± 3.6
    low, high = difference(80, (77, 83), 90, (88, 92))

    assert (round(low, 2), round(high, 2)) == (-13.61, -6.39)


def test_a_difference_matches_newcombe_s_example() -> None:
    # 56/70 - 48/80: table II (a) of the paper, method 10, gives 0.0524 to 0.3339
    one, other = wilson(56 / 70, 70), wilson(48 / 80, 80)
    assert one is not None
    assert other is not None
    low, high = difference(56 / 70, one, 48 / 80, other)

    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_one_in_forty_is_significant_in_one_direction() -> None:
    assert are_significant([0.025, 0.026]) == [True, False]


def test_among_many_tests_a_p_value_has_to_be_smaller() -> None:
    # of four at 5%, the limits are 0.0125, 0.025, 0.0375 and 0.05
    assert discoveries([0.012, 0.9, 0.024, 0.5], share=0.05) == [True, False, True, False]
    assert discoveries([0.013, 0.9, 0.026, 0.5], share=0.05) == [False] * 4


def test_a_later_limit_includes_the_smaller_p_values() -> None:
    # 0.02 misses 0.0167 and 0.03 meets 0.0333, so both stand
    assert discoveries([0.02, 0.03, 0.9], share=0.05) == [True, True, False]


def test_without_tests_there_are_no_discoveries() -> None:
    assert discoveries([]) == []


def test_the_discoveries_are_those_of_scipy() -> None:
    chance = random.Random(1)  # noqa: S311
    for size in range(1, 60):
        # with ties, and many small ones
        chances = [round(chance.random() ** 4, 3) for _ in range(size)]
        adjusted = false_discovery_control(chances, method="bh")
        assert discoveries(chances, share=0.05) == [one <= 0.05 for one in adjusted]
