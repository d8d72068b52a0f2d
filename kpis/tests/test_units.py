from __future__ import annotations

import pytest

from kpis.units import COUNT, EXACT, PERCENT, Unit, money, rounded

# 119.6 of 160, as floating point sums it up: 0.7474999999999997
TIE = 119.59999999999995 / 160


def test_a_stored_figure_and_the_sums_behind_it_have_one_text() -> None:
    # an alert keeps what the API gives
    shown = PERCENT.shown(TIE)

    assert shown == 74.75
    assert PERCENT.text(TIE) == PERCENT.written(shown) == "74.8%"


@pytest.mark.parametrize("value", [74.75, 74.25, 82.35, 0.05, 12.345])
def test_a_value_and_its_distance_add_up_to_the_target(value: float) -> None:
    distance = round(100 - value, EXACT)

    assert rounded(value, 1) + rounded(distance, 1) == 100


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (PERCENT, -0.0004, "0.0%"),
        (COUNT, 1234.5, "1,234"),
        (money("USD"), 4_875_000, "$48,750"),
        (money("USD"), 20_905, "$209.05"),
        (money("USD"), -0.4, "$0"),
        (money("USD"), None, "–"),
    ],
)
def test_figures_are_written_for_people(unit: Unit, value: float | None, text: str) -> None:
    assert unit.text(value) == text
