from __future__ import annotations

import pytest
from scipy.stats import binomtest

from kpis.statistics import p_values
from kpis.statistics.estimates import NET, Estimate, MeanEstimate, Scale, estimate
from kpis.tests.people import sums_of_people

ABOUT = pytest.approx
YES, NO = (1.0, 1.0), (0.0, 1.0)


def of(*people: tuple[float, float]) -> Estimate:
    found = estimate(sums_of_people(people))
    assert found is not None
    return found


def share(yes: int, n: int) -> Estimate:
    return of(*[YES] * yes, *[NO] * (n - yes))


def test_a_share_is_tested_exactly() -> None:
    # 0 of 5 with a probability of 0.5: 1 ÷ 32, doubled
    found = p_values.against_goal(share(0, 5), 0.5)

    assert found.at_most == ABOUT(1 / 32)
    assert found.at_least == 1
    assert found.two_sided == ABOUT(2 / 32)


@pytest.mark.parametrize(("yes", "n", "goal"), [(17, 20, 0.95), (2, 4, 0.9), (30, 40, 0.5)])
def test_the_exact_test_is_that_of_scipy(yes: int, n: int, goal: float) -> None:
    found = p_values.against_goal(share(yes, n), goal)

    assert found.at_most == ABOUT(binomtest(yes, n, goal, alternative="less").pvalue)
    assert found.at_least == ABOUT(binomtest(yes, n, goal, alternative="greater").pvalue)


def test_17_of_20_do_not_miss_95_percent() -> None:
    # 1 − 0.95²⁰ − 20 × 0.95¹⁹ × 0.05 − 190 × 0.95¹⁸ × 0.05² = 0.0755
    found = p_values.against_goal(share(17, 20), 0.95)

    assert found.beyond(1) == ABOUT(0.0755, abs=1e-4)
    assert found.two_sided == ABOUT(2 * found.beyond(1))


def test_a_direction_has_half_the_p_value_of_any() -> None:
    found = p_values.against_goal(share(30, 40), 0.5)

    assert found.two_sided == ABOUT(2 * found.beyond(-1))
    assert found.beyond(1) > 0.99


def test_a_share_at_its_goal_has_a_p_value_of_1() -> None:
    assert p_values.against_goal(share(5, 10), 0.5).two_sided == 1
    assert p_values.against_goal(share(10, 10), 1).two_sided == 1


def test_one_failure_disproves_a_goal_of_1() -> None:
    assert p_values.against_goal(share(9, 10), 1).two_sided == 0
    assert p_values.against_goal(of((0.9, 1), *[YES] * 9), 1).two_sided == 0


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize(
    "people",
    [[(3, 4), (1, 2), (2, 2), (0, 3), (5, 5)], [(0.6, 1), (0.8, 1), (0.7, 1), (0.9, 1)]],
)
def test_the_interval_ends_where_the_p_value_is_5_percent(
    people: list[tuple[float, float]], end: int
) -> None:
    found = of(*people)

    assert p_values.against_goal(found, found.interval[end]).two_sided == ABOUT(0.05)


def test_equal_scores_prove_less_than_certainty() -> None:
    assert 0 < p_values.against_goal(of(*[(0.75, 1)] * 10), 0.8).two_sided < 0.01
    assert p_values.against_goal(of(*[(0.75, 1)] * 10), 0.76).two_sided > 0.05


def test_a_part_with_little_variance_uses_that_of_the_whole() -> None:
    part, whole = of(*[(0.75, 1)] * 6), of(*[(0.5, 1), (1, 1)] * 6)
    alone = p_values.against_goal(part, 0.6).two_sided
    around = p_values.against_goal(part, 0.6, whole).two_sided

    assert around == p_values.against_goal(part.with_dispersion(whole.dispersion), 0.6).two_sided
    assert around > alone
    assert p_values.against_goal(whole, 0.6, part) == p_values.against_goal(whole, 0.6)


def test_a_net_share_is_tested_between_minus_1_and_1() -> None:
    net = estimate(sums_of_people([YES] * 6 + [NO] * 3 + [(-1, 1)]), NET)

    # the middle of the scale is 0.5 for a net share of 0
    assert net is not None
    moved = Estimate(0.75, net.people, net.dispersion)
    assert p_values.against_goal(net, 0) == p_values.against_goal(moved, 0.5)


def test_two_shares_are_compared_with_their_pooled_share() -> None:
    # 90 and 80 of 100: 0.1 ÷ √(0.85 × 0.15 × 2 ÷ 100) = 1.980
    found = p_values.against_earlier(share(90, 100), share(80, 100))

    assert found.two_sided == ABOUT(0.0477, abs=1e-4)
    assert found.beyond(-1) == ABOUT(0.0477 / 2, abs=1e-4)
    assert p_values.against_earlier(share(9, 9), share(5, 5)).two_sided == 1


def test_a_change_can_be_compared_with_another_than_none() -> None:
    # 90 and 80 of 100 against a rise of 0.1
    assert p_values.against_earlier(share(90, 100), share(80, 100), 0.1).two_sided == ABOUT(1)
    # against a rise of 0.2: shares of 0.95 and 0.75, −0.1 ÷ √((0.0475 + 0.1875) ÷ 100) = −2.063
    found = p_values.against_earlier(share(90, 100), share(80, 100), 0.2)
    assert found.beyond(1) == ABOUT(0.0196, abs=1e-4)


def test_two_estimated_variances_have_the_freedom_of_welch() -> None:
    # the same variance twice: twice the degrees of freedom
    once = Estimate(0.6, 11, 0.75, Scale(0, 1, 0))
    other = Estimate(0.4, 11, 0.75, Scale(0, 1, 0))

    # t = 0.2 ÷ √(2 × 0.25 × 0.75 ÷ 11) = 1.0832 with 2 × 10 ÷ √0.25 = 40 degrees of freedom
    assert once.freedom == ABOUT(20)
    assert p_values.against_earlier(once, other).two_sided == ABOUT(0.2852, abs=1e-4)


def test_counts_are_compared_per_day() -> None:
    # 1 of 6 in half of the time: 7 ÷ 64 in the smaller tail
    assert p_values.against_count(1, 30, 5, 30).two_sided == ABOUT(14 / 64)
    # 2 of 3 in two thirds of the time is the most likely result
    assert p_values.against_count(2, 60, 1, 30).two_sided == 1
    assert p_values.against_count(0, 30, 0, 30).two_sided == 1


def test_means_without_bounds_are_tested_by_students_and_welchs_t() -> None:
    paid = MeanEstimate(25.0, 4, 166.6667 / 4)
    earlier = MeanEstimate(15.0, 3, 100.0 / 3)

    # t = 0.7746 with 3 degrees of freedom; Welch: t = 1.1547 with 4.96
    assert p_values.against_goal(paid, 20).two_sided == pytest.approx(0.4950, abs=1e-4)
    assert p_values.against_earlier(paid, earlier).two_sided == pytest.approx(0.3007, abs=1e-3)
