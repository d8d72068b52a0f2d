from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from kpis.definitions.period_names import period_name, short_name
from kpis.definitions.periods import WINDOW, Period, containing
from kpis.definitions.units import COUNT, PERCENT, POINTS
from presentation import figures

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("kind", "name", "short"),
    [
        ("day", "20 May 2026", "20 May"),
        ("week", "Week 21 of 2026 (18 May – 24 May 2026)", "W21 2026"),
        ("month", "May 2026", "May 2026"),
        ("quarter", "Q2 2026", "Q2 2026"),
    ],
)
def test_a_period_has_a_name_and_a_short_one(kind: str, name: str, short: str) -> None:
    period = containing(date(2026, 5, 20), kind, LONDON)

    assert (period_name(period), short_name(period)) == (name, short)


def test_selected_dates_are_named_by_first_and_last_day() -> None:
    window = Period(date(2026, 5, 1), date(2026, 5, 16), WINDOW, LONDON)

    assert period_name(window) == "1 May 2026 – 15 May 2026"


def test_the_week_of_new_year_belongs_to_the_iso_year() -> None:
    week = containing(date(2027, 1, 1), "week", LONDON)

    assert short_name(week) == "W53 2026"


def test_a_moment_is_shown_in_the_provider_s_time_zone(settings: Settings) -> None:
    settings.KPI_TIME_ZONE = "Europe/London"

    assert figures.moment(datetime(2026, 6, 1, 12, 5, tzinfo=UTC)) == "1 Jun 2026, 13:05"


@pytest.mark.parametrize(("value", "text"), [(85, "85%"), (82.5, "82.5%"), (100, "100%")])
def test_a_target_has_no_trailing_zeros(value: float, text: str) -> None:
    assert figures.target_text(PERCENT, value) == text


def test_a_difference_of_percentages_is_in_points() -> None:
    assert figures.difference_text(PERCENT, -5.04) == "5.0 pts"
    assert figures.difference_text(POINTS, 8) == "8.0 points"
    assert figures.difference_text(COUNT, 1200) == "1,200"


def test_a_difference_may_round_to_zero() -> None:
    assert figures.rounds_to_zero(PERCENT, 0.04)
    assert not figures.rounds_to_zero(PERCENT, 0.06)
