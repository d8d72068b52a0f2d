"""The projection, compared with values worked out by hand."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from business.projection import Projection, project


def test_a_line_through_four_points() -> None:
    """Mean 125, slope 16; residuals -1, 3, -3, 1 give s² = 20 ÷ 2 = 10. Two and a half steps from
    the middle lies 165; t = 4.302653 × √10 × √(1 + 1/4 + 6.25/5) = 21.5132."""
    found = project([100, 120, 130, 150])

    assert found is not None
    assert astuple(found) == pytest.approx((165, 143.48674, 186.51326))


def test_the_interval_is_wider_two_steps_ahead() -> None:
    """√(1 + 1/4 + 12.25/5) = √3.7: 4.302653 × √37 = 26.1720."""
    found = project([100, 120, 130, 150], ahead=2)

    assert found is not None
    assert astuple(found) == pytest.approx((181, 154.82797, 207.17203))


def test_points_on_a_line_have_an_interval_of_width_zero() -> None:
    assert project([1, 2, 3, 4]) == Projection(5, 5, 5)


def test_three_points_are_too_few() -> None:
    assert project([100, 120, 130]) is None


def test_results_are_limited_to_the_range_of_the_unit() -> None:
    assert project([0.7, 0.8, 0.9, 1.0], most=1.0) == Projection(1, 1, 1)
    assert project([30, 20, 10, 0]) == Projection(0, 0, 0)
