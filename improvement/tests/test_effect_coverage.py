"""The 95% interval covers the truth in 93–97% of the years in which an alert led to a change."""

from __future__ import annotations

import pytest

from improvement.tests.simulated_years import (
    AMOUNTS,
    RECOMMENDATIONS,
    SCORES,
    SHARES,
    Story,
    deviation_of,
    naive_coverage,
)

pytestmark = pytest.mark.once

YEARS = 500
STORIES = {
    "noise": Story(SHARES, 0.85, 0.85, target=0.85),
    "noise above the target": Story(SHARES, 0.87, 0.87, target=0.85),
    "effective": Story(SHARES, 0.70, 0.84, target=0.85),
    "ineffective": Story(SHARES, 0.70, 0.70, target=0.85),
    "harmful": Story(SHARES, 0.75, 0.60, target=0.85),
    "noise, two in a row": Story(SHARES, 0.83, 0.83, target=0.85, patience=2),
    "noise, still open": Story(SHARES, 0.85, 0.85, target=0.85, open_=2),
    "noise of scores": Story(SCORES, 0.80, 0.80, target=0.80),
    "effective on scores": Story(SCORES, 0.70, 0.78, target=0.80),
    "noise of recommendations": Story(RECOMMENDATIONS, 0.30, 0.30, target=0.30),
    "harmful to recommendations": Story(RECOMMENDATIONS, 0.10, -0.10, target=0.30),
    "noise of amounts": Story(AMOUNTS, 100.0, 100.0, target=100.0),
    "ineffective on amounts": Story(AMOUNTS, 85.0, 85.0, target=100.0),
    "noise, with controls": Story(SHARES, 0.80, 0.80, target=0.80, controls=5, trend=0.05),
    "effective, with controls": Story(SHARES, 0.65, 0.78, target=0.80, controls=5, trend=0.05),
}


@pytest.mark.parametrize("name", STORIES)
def test_the_interval_covers_the_truth(name: str) -> None:
    years = STORIES[name].years(YEARS)

    assert 0.93 <= sum(one.is_covered for one in years) / YEARS <= 0.97


def test_without_the_selection_noise_would_look_like_an_effect() -> None:
    years = Story(SHARES, 0.87, 0.87, target=0.85).years(YEARS)

    assert naive_coverage(years, deviation_of(0.87, (133, 200))) < 0.6


def test_noise_seldom_seems_to_have_an_effect() -> None:
    years = Story(SHARES, 0.85, 0.85, target=0.85, seed=2).years(YEARS)

    assert sum(one.effect.sign != 0 for one in years) / YEARS <= 0.07


def test_the_sign_of_a_clear_effect_is_right() -> None:
    better = Story(SHARES, 0.60, 0.80, target=0.85).years(YEARS)
    worse = Story(SHARES, 0.70, 0.50, target=0.85).years(YEARS)

    assert sum(one.effect.sign == 1 for one in better) / YEARS > 0.9
    assert sum(one.effect.sign == -1 for one in worse) / YEARS > 0.9


def test_a_drop_far_beyond_the_bound_costs_no_certainty() -> None:
    years = Story(SHARES, 0.50, 0.50, target=0.85).years(100)
    widths = sorted(one.effect.interval[1] - one.effect.interval[0] for one in years)

    # that of an unselected difference is 2 · 1.96 · 0.0559
    assert widths[50] == pytest.approx(0.219, abs=0.01)
