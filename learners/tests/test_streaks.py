from __future__ import annotations

from datetime import date

import pytest

from learners.progress.streaks import Streak, streak
from learners.progress.trend import trend

pytestmark = pytest.mark.once

# Mondays
DEC_29, JAN_5, JAN_12, JAN_19 = (
    date.fromisoformat(day) for day in ("2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19")
)
SUNDAY, NEXT_MONDAY = date(2026, 1, 18), date(2026, 1, 19)


def test_weeks_in_a_row_count_to_this_week() -> None:
    assert streak([DEC_29, JAN_5, JAN_12], SUNDAY) == Streak(3, 3, is_active_this_week=True)


def test_the_running_week_does_not_end_a_streak() -> None:
    assert streak([JAN_5, JAN_12], NEXT_MONDAY) == Streak(2, 2, is_active_this_week=False)


def test_a_week_without_activity_ends_it() -> None:
    assert streak([DEC_29, JAN_5, JAN_19], NEXT_MONDAY) == Streak(1, 2, is_active_this_week=True)


def test_without_activity_there_is_no_streak() -> None:
    assert streak([], SUNDAY) == Streak(0, 0, is_active_this_week=False)


def test_the_trend_compares_the_latest_results_with_as_many_before() -> None:
    found = trend([0.9, 0.4, 0.6, 0.7, 0.9])

    assert found is not None
    assert (found.count, found.latest, found.before) == pytest.approx((2, 0.8, 0.5))


def test_three_results_are_no_trend() -> None:
    assert trend([0.1, 0.5, 0.9]) is None
