from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kpis.definitions.periods import WINDOW, Period, between, containing, latest

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days_of(text: str, kind: str) -> tuple[str, str]:
    period = containing(day(text), kind, BERLIN)
    return period.first.isoformat(), period.last.isoformat()


def hours(period: Period) -> float:
    return (period.end - period.start).total_seconds() / 3600


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("2026-11-22", "day", "2026-11-22", "2026-11-22"),
        ("2026-11-22", "week", "2026-11-16", "2026-11-22"),
        ("2026-11-23", "week", "2026-11-23", "2026-11-29"),
        # a week goes on over New Year
        ("2027-01-01", "week", "2026-12-28", "2027-01-03"),
        ("2026-12-31", "month", "2026-12-01", "2026-12-31"),
        ("2028-02-29", "month", "2028-02-01", "2028-02-29"),
        ("2026-03-31", "quarter", "2026-01-01", "2026-03-31"),
        ("2026-04-01", "quarter", "2026-04-01", "2026-06-30"),
        ("2026-12-31", "quarter", "2026-10-01", "2026-12-31"),
    ],
)
def test_a_day_belongs_to_its_period(text: str, kind: str, first: str, last: str) -> None:
    assert days_of(text, kind) == (first, last)


def test_an_unknown_kind_of_period_is_rejected() -> None:
    with pytest.raises(ValueError, match="Unknown kind of period: fortnight"):
        containing(day("2026-11-22"), "fortnight", BERLIN)


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("2026-11-22", "day", "2026-11-22"),
        # 1 January 2027 is in the 53rd week of 2026, 31 December 2024 in the first of 2025
        ("2027-01-01", "week", "2026-W53"),
        ("2024-12-31", "week", "2025-W01"),
        ("2026-11-22", "month", "2026-11"),
        ("2026-11-22", "quarter", "2026-Q4"),
    ],
)
def test_a_period_has_a_short_label(text: str, kind: str, label: str) -> None:
    assert containing(day(text), kind, BERLIN).label == label


@pytest.mark.parametrize("kind", ["day", "week", "month", "quarter"])
def test_periods_join_without_gap_or_overlap(kind: str) -> None:
    period = containing(day("2026-12-30"), kind, BERLIN)

    assert period.next.previous == period
    assert period.end == period.next.start


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        (BERLIN, "2026-03-29", 23),
        (BERLIN, "2026-10-25", 25),
        (BERLIN, "2026-10-26", 24),
        (NEW_YORK, "2026-03-08", 23),
        (NEW_YORK, "2026-11-01", 25),
        (LONDON, "2026-03-29", 23),
        (LONDON, "2026-10-25", 25),
    ],
)
def test_a_day_at_a_clock_change_is_shorter_or_longer(
    zone: ZoneInfo, text: str, expected: int
) -> None:
    assert hours(containing(day(text), "day", zone)) == expected


def test_a_week_with_a_clock_change_has_an_hour_less() -> None:
    assert hours(containing(day("2026-03-29"), "week", BERLIN)) == 7 * 24 - 1


def test_midnight_is_that_of_the_zone() -> None:
    period = containing(day("2026-07-01"), "month", BERLIN)

    assert period.start == at("2026-06-30T22:00:00")
    assert period.end == at("2026-07-31T22:00:00")


def test_an_open_period_ends_now() -> None:
    now = at("2026-07-10T12:00:00")
    period = containing(day("2026-07-10"), "month", BERLIN).as_of(now)

    assert period.end == now
    assert period.whole_end == at("2026-07-31T22:00:00")


def test_a_period_ends_at_the_second_the_next_begins() -> None:
    june = containing(day("2026-06-15"), "month", BERLIN)

    assert june.is_open(june.whole_end - timedelta(seconds=1))
    assert not june.is_open(june.whole_end)
    assert june.next.has_begun(june.whole_end)
    assert not june.next.has_begun(june.whole_end - timedelta(seconds=1))


def test_a_period_is_closed_once_the_lag_is_over() -> None:
    june, lag = containing(day("2026-06-15"), "month", BERLIN), timedelta(hours=72)

    assert not june.is_closed(june.whole_end + lag - timedelta(seconds=1), lag)
    assert june.is_closed(june.whole_end + lag, lag)


def test_the_previous_window_has_the_same_length() -> None:
    window = Period(day("2026-03-10"), day("2026-03-20"), WINDOW, BERLIN)

    assert window.previous == Period(day("2026-02-28"), day("2026-03-10"), WINDOW, BERLIN)


def test_between_includes_both_ends() -> None:
    months = between(day("2025-12-31"), day("2026-02-01"), "month", BERLIN)

    assert [one.label for one in months] == ["2025-12", "2026-01", "2026-02"]


def test_the_latest_periods_end_with_the_open_one_in_the_zone() -> None:
    # 31 October, 23:30 in UTC, is November in Berlin
    months = latest(2, "month", BERLIN, now=at("2026-10-31T23:30:00"))

    assert [one.label for one in months] == ["2026-10", "2026-11"]
