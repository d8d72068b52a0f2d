from __future__ import annotations

import pytest
from django.utils import translation

from kpis.definitions.units import COUNT, DAYS, EXACT, PERCENT, Unit, money, rounded

# 119.6 of 160 in floating point: 0.7474999999999997
TIE = 119.59999999999995 / 160


def test_a_value_and_its_sums_are_written_the_same() -> None:
    # an alert stores the number that the API gives
    shown = PERCENT.shown(TIE)

    assert shown == 74.75
    assert PERCENT.text(TIE) == PERCENT.written(shown) == "74.8%"


@pytest.mark.parametrize("value", [74.75, 74.25, 82.35, 0.05, 12.345])
def test_a_value_and_its_difference_add_up_to_the_target(value: float) -> None:
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


def test_a_unit_is_written_in_the_reader_s_language() -> None:
    with translation.override("de"):
        assert PERCENT.text(0.897) == "89,7\N{NO-BREAK SPACE}%"
        assert DAYS.text(1234.5) == "1.234,5 Tage"
        assert money("USD").text(20_905) == "209,05\N{NO-BREAK SPACE}$"


@pytest.mark.parametrize(
    ("language", "unit", "around"),
    [
        ("en", PERCENT, ("", "%")),
        ("de", PERCENT, ("", "\N{NO-BREAK SPACE}%")),
        ("en", money("USD"), ("$", "")),
        ("de", money("USD"), ("", "\N{NO-BREAK SPACE}$")),
        ("en", DAYS, ("", " days")),
        ("en", COUNT, ("", "")),
    ],
)
def test_a_unit_is_before_or_after_the_number(
    language: str, unit: Unit, around: tuple[str, str]
) -> None:
    with translation.override(language):
        assert unit.around == around


def test_a_bare_value_has_no_unit() -> None:
    assert PERCENT.bare(0.821) == "82.1"
    assert money("USD").bare(20_905) == "$209.05"
