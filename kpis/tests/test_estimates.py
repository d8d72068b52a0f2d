from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt

import pytest

from kpis.statistics.estimates import (
    NET,
    WeightedPart,
    estimate,
    estimate_mean,
    t95,
    weighted_estimate,
)
from kpis.statistics.intervals import CrossSums, Interval, Spread, Sums, wilson
from kpis.tests.people import sums_of_people

ABOUT = pytest.approx


def interval(people: Sequence[tuple[float, float]]) -> Interval:
    found = estimate(sums_of_people(people))
    assert found is not None
    return found.interval


def width(people: Sequence[tuple[float, float]]) -> float:
    low, high = interval(people)
    return high - low


def test_people_who_count_once_as_yes_or_no_have_wilson_s_interval() -> None:
    assert interval([(1, 1)] * 17 + [(0, 1)] * 3) == wilson(0.85, 20)


def test_rows_of_the_same_person_count_as_little_as_one() -> None:
    # five rows each, all alike: as certain as one row each, but for the estimated variance
    once, often = [(1, 1)] * 7 + [(0, 1)] * 3, [(5, 5)] * 7 + [(0, 5)] * 3

    assert width(often) == ABOUT(width(once), rel=0.1)


def test_rows_that_differ_within_people_are_more_certain() -> None:
    # 6 of 10 rows, whether people are alike or not
    assert width([(3, 5)] * 4 + [(4, 5)] * 3 + [(2, 5)] * 3) < width([(5, 5)] * 6 + [(0, 5)] * 4)


def test_the_variance_is_that_of_a_ratio_over_people() -> None:
    # 3 of 4, 1 of 2 and 2 of 2: 6 of 8, so errors of 0, −0.5 and 0.5, squared 0.5
    # K = 64 ÷ 24; the largest possible is 0.75 × 0.25, of which K − 1 parts are 0.3125
    # the prior is 0.005 + 0.025 × 0.25 = 0.01125
    found = estimate(sums_of_people([(3, 4), (1, 2), (2, 2)]))

    assert found is not None
    assert found.people == ABOUT(64 / 24)
    assert found.dispersion == ABOUT((0.5 / 64 * (64 / 24) ** 2 + 0.01125) / (0.3125 + 0.01125))
    assert found.freedom == ABOUT((64 / 24 - 1) / sqrt(1 - found.dispersion))
    assert found.interval == wilson(0.75, found.people / found.dispersion, t95(found.freedom))


def test_a_person_with_most_of_the_weight_leaves_little_certainty() -> None:
    assert width([(90, 100)] + [(0.9, 1)] * 9) > 2 * width([(9, 10)] * 10)


def test_equal_scores_have_an_interval() -> None:
    # ten of 15 ÷ 20: a dispersion of 0.01125 ÷ (9 × 0.75 × 0.25 + 0.01125) = 0.00662
    assert interval([(0.75, 1)] * 10) == ABOUT((0.7240, 0.7743), abs=1e-4)


def test_nearly_equal_scores_are_as_certain_as_equal_ones() -> None:
    nearly = [(0.75, 1)] * 9 + [(0.751, 1)]

    assert interval(nearly) == ABOUT(interval([(0.75, 1)] * 10), abs=1e-3)


@pytest.mark.parametrize("rows", [1, 5])
def test_everybody_is_as_certain_as_that_many_people(rows: int) -> None:
    everybody, nobody = [(rows, rows)] * 50, [(0, rows)] * 50

    assert interval(everybody) == wilson(1, 50)
    assert interval(nobody) == wilson(0, 50)


def test_fifty_promoters_have_an_interval() -> None:
    found = estimate(sums_of_people([(1, 1)] * 50), NET)

    # Wilson's interval of 50 of 50 starts at 50 ÷ 53.8415 = 0.9287
    assert found is not None
    assert found.interval == ABOUT((2 * 0.92865 - 1, 1), abs=1e-4)


def test_fifty_passives_have_an_interval() -> None:
    found = estimate(sums_of_people([(0, 1)] * 50), NET)

    assert found is not None
    low, high = found.interval
    assert -0.06 < low < -0.02
    assert 0.02 < high < 0.06


def test_a_net_share_lies_around_its_value() -> None:
    # 6 promoters, 3 passives, 1 detractor of 10
    found = estimate(sums_of_people([(1, 1)] * 6 + [(0, 1)] * 3 + [(-1, 1)]), NET)

    assert found is not None
    assert found.value == 0.5
    low, high = found.interval
    assert -0.1 < low < 0.1
    assert 0.7 < high < 0.9


def test_one_person_says_next_to_nothing() -> None:
    low, high = interval([(3, 5)])

    assert low < 0.1
    assert high > 0.9


def test_without_weight_there_is_no_estimate() -> None:
    assert estimate(Sums()) is None
    assert estimate(Sums(1, 0, 0, spread=Spread(1, 0, 0, 0))) is None


def test_sums_without_a_spread_are_of_independent_people() -> None:
    found, by_minutes = estimate(Sums(20, 17, 20)), estimate(Sums(20, 170, 200))

    assert found is not None
    assert found.interval == wilson(0.85, 20)
    assert by_minutes is not None
    assert by_minutes.interval == ABOUT(wilson(0.85, 20), abs=0.02)


def test_one_in_forty_is_beyond_the_quantile_of_student_s_t() -> None:
    # NIST/SEMATECH e-Handbook, 1.3.6.7.2: upper critical values for 0.975
    assert [round(t95(freedom), 3) for freedom in (1, 5, 29)] == [12.706, 2.571, 2.045]
    assert t95(inf) == ABOUT(1.96, abs=1e-4)


# three people, with two figures each
WATCHED = [(3, 4), (1, 4), (4, 4)]
ATTEMPTED = [(2, 2), (0, 2), (1, 2)]


def part(key: str, weight: float, people: Sequence[tuple[float, float]]) -> WeightedPart:
    return WeightedPart(key, weight, sums_of_people(people))


def crossed(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> CrossSums:
    pairs = list(zip(one, other, strict=True))
    return CrossSums(
        yy=sum(a[0] * b[0] for a, b in pairs),
        yx=sum(a[0] * b[1] for a, b in pairs),
        xy=sum(a[1] * b[0] for a, b in pairs),
        xx=sum(a[1] * b[1] for a, b in pairs),
    )


def test_a_weighted_mean_of_the_same_figure_is_that_figure() -> None:
    own = estimate(sums_of_people(WATCHED))
    crosses = {("a", "b"): crossed(WATCHED, WATCHED)}
    found = weighted_estimate([part("a", 1, WATCHED), part("b", 3, WATCHED)], crosses)

    assert own is not None
    assert found is not None
    assert found.interval == ABOUT(own.interval)


def test_the_parts_of_a_weighted_mean_vary_together() -> None:
    # both have the value and weights of 8 of 12, 3 of 6: (2 ÷ 3 + 1 ÷ 2) ÷ 2
    # errors of 1 ÷ 12, −5 ÷ 12, 4 ÷ 12 of the share 2 ÷ 3, and 1, −1, 0 of 6, halved and added
    parts = [part("a", 1, WATCHED), part("b", 1, ATTEMPTED)]
    found = weighted_estimate(parts, {("b", "a"): crossed(ATTEMPTED, WATCHED)})
    errors = [(1 / 36 + 1 / 6) / 2, (-5 / 36 - 1 / 6) / 2, (4 / 36 + 0) / 2]
    share = 7 / 12
    prior = 0.005 + 0.025 * (2 * share - 1) ** 2

    assert found is not None
    assert found.value == ABOUT(share)
    assert found.people == ABOUT(3)
    assert found.dispersion == ABOUT(
        (9 * sum(one * one for one in errors) + prior) / (2 * share * (1 - share) + prior)
    )


def test_without_cross_sums_a_weighted_mean_is_wider() -> None:
    parts = [part("a", 1, WATCHED), part("b", 1, ATTEMPTED)]
    known = weighted_estimate(parts, {("a", "b"): crossed(WATCHED, ATTEMPTED)})
    unknown = weighted_estimate(parts)

    assert known is not None
    assert unknown is not None
    assert known.dispersion < unknown.dispersion


def test_a_part_without_weight_is_left_out() -> None:
    own = estimate(sums_of_people(WATCHED))

    assert weighted_estimate([part("a", 2, WATCHED), part("b", 0, ATTEMPTED)]) == own
    assert weighted_estimate([part("a", 0, WATCHED)]) is None


def test_a_mean_without_bounds_has_a_t_interval_over_people() -> None:
    # four people paid 10, 20, 30 and 40 in one payment each: variance 166.67 ÷ 4, t(3) = 3.182
    found = estimate_mean(Sums(4, 100, 4, 4, Spread(4, 3000, 4, 100)))

    assert found is not None
    assert (found.value, found.people, found.freedom) == (25, 4, 3)
    assert found.interval == pytest.approx((25 - 20.543, 25 + 20.543), abs=1e-3)


@pytest.mark.parametrize("spread", [Spread(4, 2500, 4, 100), Spread(1, 10_000, 16, 400), None])
def test_a_mean_of_equal_people_or_one_person_has_no_interval(spread: Spread | None) -> None:
    assert estimate_mean(Sums(4, 100, 4, 4, spread)) is None
