"""Margins, several tests at once, and the numbers of units."""

from __future__ import annotations

import pytest
from scipy.stats import multinomial

from experiments.statistics import (
    Comparison,
    Kind,
    compare,
    holm,
    non_inferiority,
    sample_ratio,
)
from experiments.tests.statistics.samples import share

pytestmark = pytest.mark.once


def _between(low: float, high: float) -> Comparison:
    return Comparison(10, 10, 0.5, 0.5, 0.0, low, high, 0.5)


@pytest.mark.parametrize(
    ("low", "high", "higher_is_better", "outcome"),
    [
        (-0.01, 0.05, True, "passes"),
        (-0.02, 0.05, True, "unclear"),
        (-0.05, 0.05, True, "unclear"),
        (-0.05, -0.02, True, "unclear"),
        (-0.05, -0.03, True, "fails"),
        (0.03, 0.05, True, "passes"),
        (-0.05, 0.01, False, "passes"),
        (0.03, 0.05, False, "fails"),
        (-0.05, 0.03, False, "unclear"),
    ],
)
def test_a_guardrail_with_a_margin_of_2_points(
    low: float, high: float, higher_is_better: bool, outcome: str
) -> None:
    assert non_inferiority(_between(low, high), 0.02, higher_is_better) == outcome


def test_without_an_interval_a_guardrail_is_unclear() -> None:
    found = compare(share(0, 0), share(1, 2), Kind.SHARE)

    assert non_inferiority(found, 0.1) == "unclear"


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        non_inferiority(_between(0, 1), -0.1)


def test_holm_does_not_count_what_is_unknown() -> None:
    assert holm([0.03, None, 0.01]) == [0.03, None, 0.02]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_equal_numbers_are_what_equal_weights_give() -> None:
    assert sample_ratio([500, 500], [1, 1]) == 1
    assert sample_ratio([0, 0], [1, 1]) == 1
    assert sample_ratio([7], [1]) == 1


def test_a_variant_of_weight_0_has_no_units() -> None:
    assert sample_ratio([10, 10, 0], [1, 1, 0]) == 1
    assert sample_ratio([10, 10, 1], [1, 1, 0]) == 0


def test_few_units_of_three_variants_have_an_exact_p_value() -> None:
    weights = [0.1, 0.45, 0.45]
    tables = [(a, b, 9 - a - b) for a in range(10) for b in range(10 - a)]
    chances = [multinomial.pmf(one, 9, weights) for one in tables]
    observed = multinomial.pmf((3, 2, 4), 9, weights)

    expected = sum(one for one in chances if one <= observed * (1 + 1e-9))
    assert sample_ratio([3, 2, 4], weights) == pytest.approx(expected)


def test_too_many_tables_to_list_are_drawn_always_the_same() -> None:
    counts, weights = [2, 1500, 1500, 1498], [0.001, 1, 1, 1]
    found = sample_ratio(counts, weights)

    assert found == sample_ratio(counts, weights)
    # χ² is a fair approximation of the three large ones
    assert 0.3 < found <= 1
    assert sample_ratio([30, 1500, 1500, 1498], weights) < 0.001


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0], []])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        sample_ratio([1, 2], weights)
