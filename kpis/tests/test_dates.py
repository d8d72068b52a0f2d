from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from curriculum.models import CourseRun
from kpis.definitions.periods import WINDOW, Period, between, containing
from kpis.query import dates
from kpis.tests.consumer import Consumer

UTC = ZoneInfo("UTC")
# a Sunday
TODAY = date(2026, 11, 29)


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "first", "last", "kind"),
    [
        ("this-month", "2026-11-01", "2026-11-30", "month"),
        ("last-month", "2026-10-01", "2026-10-31", "month"),
        ("last-30-days", "2026-10-30", "2026-11-28", "day"),
        ("this-quarter", "2026-10-01", "2026-12-31", "quarter"),
        ("last-quarter", "2026-07-01", "2026-09-30", "quarter"),
        ("year-to-date", "2026-01-01", "2026-11-29", "month"),
        ("last-12-months", "2025-11-01", "2026-10-31", "month"),
        ("2026-02", "2026-02-01", "2026-02-28", "month"),
        ("2026-Q1", "2026-01-01", "2026-03-31", "quarter"),
        ("2026-W01", "2025-12-29", "2026-01-04", "week"),
        ("2026-02-28", "2026-02-28", "2026-02-28", "day"),
    ],
)
def test_dates_have_names(name: str, first: str, last: str, kind: str) -> None:
    found = dates.named_dates(name, TODAY, UTC)

    assert found
    assert (str(found.first), str(found.last), found.kind) == (first, last, kind)


@pytest.mark.once
@pytest.mark.parametrize("name", ["yesterday", "2026-13", "2026-Q5", "2026-W54", "2026-02-30", ""])
def test_other_names_are_no_dates(name: str) -> None:
    assert dates.named_dates(name, TODAY, UTC) is None


def window(first: date, last: date) -> Period:
    return Period(first, date.fromordinal(last.toordinal() + 1), WINDOW, UTC)


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "first", "last", "a_year", "before"),
    [
        ("month", date(2026, 7, 1), date(2026, 9, 30), False, "2026-04-01 – 2026-06-30"),
        ("month", date(2026, 7, 1), date(2026, 9, 30), True, "2025-07-01 – 2025-09-30"),
        ("day", date(2026, 3, 1), date(2026, 3, 10), False, "2026-02-19 – 2026-02-28"),
        ("day", date(2024, 2, 29), date(2024, 2, 29), True, "2023-02-28 – 2023-02-28"),
        # whole weeks of 52 weeks before
        ("week", date(2026, 11, 9), date(2026, 11, 22), True, "2025-11-10 – 2025-11-23"),
        # no whole months, as only readers of small groups may ask for
        ("month", date(2026, 7, 10), date(2026, 7, 19), False, "2026-06-30 – 2026-07-09"),
    ],
)
def test_a_window_is_compared_with_one_as_long(
    kind: str, first: date, last: date, a_year: bool, before: str
) -> None:
    periods = list(between(first, last, kind, UTC))
    found, made_of = dates.window_before(window(first, last), periods, a_year=a_year)

    assert found.label == before
    assert made_of[0].first <= found.first
    assert found.last <= made_of[-1].last


@pytest.mark.once
def test_a_period_has_one_a_year_before() -> None:
    found = [
        dates.year_before(containing(TODAY, kind, UTC)).label
        for kind in ("day", "week", "month", "quarter")
    ]

    assert found == ["2025-11-29", "2025-W48", "2025-11", "2025-Q4"]


@pytest.mark.django_db
@pytest.mark.usefixtures("in_july")
class TestApi:
    def test_a_named_period_is_the_current_one_and_the_last_of_the_series(
        self, run: CourseRun
    ) -> None:
        reply = Consumer().reads(dates="2026-05")

        assert reply["current"]["period_start"] == "2026-05-01T00:00:00Z"
        assert reply["series"][-1] == reply["current"]
        assert len(reply["series"]) == 13
        assert "window" not in reply

    def test_this_month_is_provisional(self, run: CourseRun) -> None:
        current = Consumer().reads("test/planned", dates="this-month")["current"]

        assert current["period_start"] == "2026-07-01T00:00:00Z"

    def test_other_steps_make_a_window(self, run: CourseRun) -> None:
        reply = Consumer().reads(dates="last-quarter", period="month")

        assert reply["window"]["period_start"] == "2026-04-01T00:00:00Z"
        assert reply["window"]["period_end"] == "2026-07-01T00:00:00Z"
        assert len(reply["series"]) == 3

    def test_a_window_is_compared_with_the_same_of_last_year(self, run: CourseRun) -> None:
        reply = Consumer().reads(dates="last-30-days", compare="last-year")

        compared = reply["comparison"]
        assert (compared["to"], compared["answer"]["period_start"][:10]) == (
            "last-year",
            "2025-07-09",
        )
        assert compared["window"]["answer"]["period_start"] == "2025-06-10T00:00:00Z"

    def test_comparing_with_nothing_answers_no_comparison(self, run: CourseRun) -> None:
        assert "comparison" not in Consumer().reads(compare="none")

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ({"dates": "soon"}, "“soon” are no known dates. Choose one of: this-month, last-month"),
            ({"dates": "2026-05", "from": "2026-01-01"}, "Choose either “dates”, or “from”"),
            ({"dates": "1805-05"}, "“dates” must be in the years 1990 to 2199."),
        ],
    )
    def test_wrong_dates_are_a_sentence(
        self, query: dict[str, str], sentence: str, run: CourseRun
    ) -> None:
        problem = Consumer().asks("test/started", **query).json()

        assert problem["field"] == "dates"
        assert sentence in problem["detail"]

    def test_readers_without_small_groups_get_whole_periods_only(self, run: CourseRun) -> None:
        query = {"dates": "year-to-date", "period": "quarter", "compare": "previous"}
        reply = Consumer("kpis:read").reads(**query)

        # today is 10 July, the third quarter ends with September
        assert reply["window"]["period_end"] == "2026-10-01T00:00:00Z"
        before = reply["comparison"]["window"]["answer"]
        assert (before["period_start"], before["period_end"]) == (
            "2025-04-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
        )
