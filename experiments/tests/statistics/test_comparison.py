"""Interval, p-value and relative interval always agree, and the right method is chosen."""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt

import pytest
from numpy.random import default_rng
from scipy.stats import t

from experiments.statistics import ArmSums, Comparison, Kind, Method, compare
from experiments.tests.statistics.populations import (
    GRADES,
    MEANS,
    RATIOS,
    REVENUE,
    Population,
    shares,
)
from experiments.tests.statistics.samples import arm, share

pytestmark = pytest.mark.once

POPULATIONS = [shares(0.1), shares(0.4), MEANS, REVENUE, RATIOS, GRADES]


def _random_comparisons(method: str, confidence: float) -> list[Comparison]:
    random = default_rng(12)
    return [
        compare(control[0], treatment[0], one.kind, method=method, confidence=confidence)
        for one in POPULATIONS
        for n in (25, 200)
        for control, treatment in zip(
            one.arms(random, 40, (n,), 0.0), one.arms(random, 40, (n,), _effect(one)), strict=True
        )
    ]


def _effect(population: Population) -> float:
    """Return an effect that about half of the experiments claim."""
    sizes = {"means": 0.8, "revenue": 6.0, "ratios": 0.08, GRADES.name: 4.0}
    return sizes.get(population.name, 0.12)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_the_interval_leaves_out_0_if_and_only_if_p_is_below_alpha(
    method: str, confidence: float
) -> None:
    found = _random_comparisons(method, confidence)
    significant = [one.p is not None and one.p < 1 - confidence for one in found]

    assert [one.is_better is not None for one in found] == significant
    assert 0.1 < sum(significant) / len(significant) < 0.9


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_so_does_the_interval_of_the_relative_effect(method: str) -> None:
    found = [one for one in _random_comparisons(method, 0.95) if one.relative_low is not None]

    assert len(found) > 100
    assert [one.is_better is not None for one in found] == [
        (one.relative_low or 0) > 0 or (one.relative_high or 0) < 0 for one in found
    ]


def test_the_effect_lies_between_the_ends() -> None:
    for one in _random_comparisons("fixed", 0.95):
        assert (one.low or -inf) <= (one.effect or 0) <= (one.high or inf)


def test_changing_places_changes_the_sign() -> None:
    pairs = [
        (share(3, 40), share(9, 41)),
        (share(100, 400), share(130, 410)),
        (arm([1.0, 2.0, 4.0]), arm([2.0, 5.0, 9.0, 9.5])),
        (arm([1, 2, 4], [2, 2, 5]), arm([2, 5, 9], [3, 4, 9])),
    ]
    for one, other in pairs:
        there, back = compare(one, other, Kind.RATIO), compare(other, one, Kind.RATIO)
        assert (there.effect, there.low, there.high, there.p) == pytest.approx(
            (-(back.effect or 0), -(back.high or 0), -(back.low or 0), back.p), abs=1e-9
        )


@pytest.mark.parametrize(
    ("control", "treatment", "method"),
    [
        (share(14, 400), share(40, 400), Method.NEWCOMBE),
        (share(40, 400), share(386, 400), Method.NEWCOMBE),
        (share(15, 400), share(385, 400), Method.SCORE),
        # one of three units without rows: two of two, and one of two
        (arm([1, 1, 0], [1, 1, 0]), arm([1, 0, 0], [1, 1, 0]), Method.NEWCOMBE),
        (arm([0.5, 1, 0]), arm([1, 0, 0]), Method.DELTA),
    ],
)
def test_ratios_of_successes_are_compared_as_shares(
    control: ArmSums, treatment: ArmSums, method: Method
) -> None:
    assert compare(control, treatment, Kind.RATIO).method == method


def test_units_without_rows_do_not_make_a_ratio_better_known() -> None:
    known = arm([1.0, 2.0, 2.0], [2.0, 3.0, 5.0]), arm([3.0, 2.0, 4.0], [4.0, 3.0, 5.0])
    control, treatment = (replace(one, n=100, without_rows=97) for one in known)

    few, many = compare(*known, Kind.RATIO), compare(control, treatment, Kind.RATIO)

    assert (few.low, few.high, few.p) == (many.low, many.high, many.p)
    assert (few.n_control, many.n_control) == (3, 100)


def test_they_count_as_0_in_a_mean() -> None:
    found = compare(arm([2, 0, 0, 0]), arm([2, 2, 0, 0]), Kind.MEAN)

    assert (found.control_value, found.treatment_value) == (0.5, 1.0)


def test_fiellers_limits_are_the_ratios_that_are_not_rejected() -> None:
    control, treatment = arm([4.0, 5.0, 7.0, 8.0]), arm([6.0, 9.0, 9.0, 12.0])
    found = compare(control, treatment, Kind.MEAN)
    # means 6 and 9; sums of squares 10 and 18, so variances 10/3/4 and 18/3/4
    reach = t.ppf(0.975, found.degrees_of_freedom)

    for end in (found.relative_low, found.relative_high):
        ratio = 1 + (end or 0)
        assert abs(9 - ratio * 6) / sqrt(1.5 + ratio**2 * 10 / 12) == pytest.approx(reach)


def test_the_control_may_well_be_0_so_there_is_no_relative_interval() -> None:
    found = compare(arm([-1.0, 2.0, 0.0]), arm([5.0, 6.0, 9.0]), Kind.MEAN)

    assert found.relative_effect is not None
    assert (found.relative_low, found.relative_high) == (None, None)


@pytest.mark.parametrize(("higher_is_better", "is_better"), [(True, True), (False, False)])
def test_the_direction_says_what_is_better(higher_is_better: bool, is_better: bool) -> None:
    found = compare(share(2, 40), share(30, 40), Kind.SHARE, higher_is_better=higher_is_better)

    assert found.is_better is is_better


def test_the_adjusted_effect_is_the_difference_of_the_adjusted_values() -> None:
    random = default_rng(5)
    control, treatment = (next(GRADES.arms(random, 1, (100,), 0.0))[0] for _ in range(2))
    found = compare(control, treatment, Kind.RATIO)

    assert found.method == Method.DELTA_CUPED
    assert found.effect == (found.treatment_value or 0) - (found.control_value or 0)
    assert 0.5 < (found.reduction or 0) < 0.9
