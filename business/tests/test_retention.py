"""Who is kept, on customers worked by hand."""

from __future__ import annotations

from datetime import date

import pytest
from pytest_django.fixtures import Settings

from business.tests.shop import ACME, ends, holds, retained, rows_of, school, stretches, table
from core import reporting_clock
from curriculum.models import Learner
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import WINDOW, Period
from kpis.definitions.registry import REGISTRY

pytestmark = pytest.mark.django_db

MAY, JUNE = "2026-05", "2026-06"


def test_one_of_two_stays() -> None:
    holds("ada", "a", "2026-04-10")
    holds("bo", "b", "2026-04-20")
    ends("b", "cancelled", "2026-05-15")

    assert retained(MAY) == (1, 2)
    assert retained(JUNE) == (1, 1)


def test_a_month_without_customers_is_no_figure() -> None:
    assert retained(MAY) == (0, 0)


def test_who_begins_in_the_month_is_not_asked() -> None:
    holds("ada", "a", "2026-05-02")

    assert retained(MAY) == (0, 0)
    assert retained(JUNE) == (1, 1)


def test_who_begins_and_cancels_within_the_month_is_not_asked() -> None:
    holds("ada", "a", "2026-05-02")
    ends("a", "cancelled", "2026-05-20")

    assert retained(MAY) == retained(JUNE) == (0, 0)


def test_a_pause_over_the_start_of_the_month_is_no_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "paused", "2026-04-20")
    ends("a", "resumed", "2026-05-10")

    assert retained(MAY) == (1, 1)


def test_a_pause_that_never_ends_is_no_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "paused", "2026-04-20")

    assert retained(MAY) == retained(JUNE) == (1, 1)


def test_finishing_is_no_churn_and_ends_being_a_customer() -> None:
    holds("ada", "a", "2026-04-01", kind="purchase")
    ends("a", "finished", "2026-05-20")

    assert retained(MAY) == (1, 1)
    assert retained(JUNE) == (0, 0)


def test_who_cancels_and_restarts_within_the_month_is_kept() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "cancelled", "2026-05-05")
    holds("ada", "a", "2026-05-25")

    assert stretches() == [("a", "04-01", "05-05", "cancelled"), ("a", "05-25", None, "")]
    assert retained(MAY) == (1, 1)


def test_who_cancels_and_takes_another_is_kept() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "cancelled", "2026-05-05")
    holds("ada", "b", "2026-05-25")

    assert retained(MAY) == (1, 1)


def test_who_restarts_a_month_later_was_lost() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "cancelled", "2026-05-05")
    holds("ada", "a", "2026-06-25")

    assert retained(MAY) == (0, 1)
    assert retained(JUNE) == (0, 0)
    assert retained("2026-07") == (1, 1)


def test_who_holds_two_and_cancels_one_is_kept_and_counts_once() -> None:
    holds("ada", "a", "2026-04-01")
    holds("ada", "b", "2026-04-02")
    ends("a", "cancelled", "2026-05-05")

    assert retained(MAY) == (1, 1)


def test_a_course_asks_only_for_what_is_held_in_it() -> None:
    python, sql = school("py", "sql")
    holds("ada", "a", "2026-04-01", course="py")
    holds("ada", "b", "2026-04-01", course="sql")
    ends("a", "cancelled", "2026-05-05")

    assert retained(MAY, of=python) == (0, 1)
    assert retained(MAY, of=sql) == retained(MAY) == (1, 1)


def test_an_organisation_with_seats_counts_once() -> None:
    acme = ACME | {"name": "Acme", "seats": 40}
    holds("ada", "a", "2026-04-01", customer=acme)
    holds("bo", "b", "2026-04-01", customer=ACME)
    holds("cleo", "c", "2026-04-01")
    ends("c", "cancelled", "2026-05-05")

    assert retained(MAY) == (1, 2)


@pytest.mark.parametrize("kind", ["staff", "test"])
def test_staff_and_test_accounts_count_nowhere(kind: str) -> None:
    holds("ada", "a", "2026-04-01")
    holds("bo", "b", "2026-04-01")
    Learner.objects.filter(key="bo").update(kind=kind)

    assert retained(MAY) == (1, 1)


def test_what_happens_at_midnight_happens_in_the_month_that_begins() -> None:
    holds("ada", "a", "2026-05-01T00:00:00Z")
    holds("bo", "b", "2026-04-01")
    ends("b", "cancelled", "2026-05-01T00:00:00Z")

    assert retained("2026-04") == (0, 0)
    assert retained(MAY) == (0, 1)
    assert retained(JUNE) == (1, 1)


@pytest.mark.parametrize(
    ("begins", "ends_at", "day"),
    [
        # 29 March has 23 hours in Berlin: 28 March, 23:00 UTC, to 29 March, 22:00 UTC
        ("2026-03-28T22:59:59Z", "2026-03-29T22:00:00Z", "2026-03-29"),
        # 25 October has 25: 24 October, 22:00 UTC, to 25 October, 23:00 UTC
        ("2026-10-24T21:59:59Z", "2026-10-25T23:00:00Z", "2026-10-25"),
    ],
)
def test_days_of_a_clock_change_begin_and_end_at_local_midnight(
    settings: Settings, begins: str, ends_at: str, day: str
) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    holds("ada", "a", begins)
    ends("a", "cancelled", ends_at)

    assert retained(day, "day") == (1, 1)


def test_churn_is_what_is_missing() -> None:
    for number, who in enumerate(["ada", "bo", "cleo", "dan"]):
        holds(who, who, f"2026-04-0{number + 1}")
    holds(None, "acme", "2026-04-05", customer=ACME)
    holds("eve", "eve", "2026-05-20")
    ends("ada", "paused", "2026-04-20")
    ends("bo", "finished", "2026-05-10")
    ends("cleo", "cancelled", "2026-05-11")

    # of Ada, Bo, Cleo and Dan only Cleo is lost: 1 of 4
    columns = ("kind", "active", "paused", "finished", "kept", "lost", "churn", "new")
    assert rows_of(table("retention", "churn", MAY), *columns) == [
        ("Learner", 4, 1, 1, 3, 1, 0.25, 1),
        ("Organization", 1, 0, 0, 1, 0, 0.0, 0),
    ]


def test_new_customers_are_a_group_of_their_own_behind_a_row() -> None:
    for number, who in enumerate(["ada", "bo", "cleo"]):
        holds(who, who, f"2026-04-0{number + 1}")
    holds("eve", "eve", "2026-05-20")

    assert rows_of(table("retention", "churn", MAY), "active", "new", "learners") == [(3, 1, 1)]


def test_the_triangle_of_cohorts() -> None:
    """March: Ada stays, Bo leaves in April, Cleo finishes in April, Dan leaves in March and is
    back in May. April: Eve leaves in May. June is not over in May."""
    for who, since in (("ada", "03-01"), ("bo", "03-05"), ("cleo", "03-09"), ("dan", "03-12")):
        holds(who, who, f"2026-{since}")
    holds("eve", "eve", "2026-04-02")
    ends("bo", "cancelled", "2026-04-15")
    ends("cleo", "finished", "2026-04-20")
    ends("dan", "cancelled", "2026-03-30")
    holds("dan", "dan", "2026-05-03")
    ends("eve", "cancelled", "2026-05-31")
    rows = rows_of(table("retention", "cohorts", MAY), "cohort", "customers", *MONTHS)

    assert rows == [
        # 3 of 4 at the end of March, Ada and Cleo in April, with Dan in May
        ("2026-03", 4, 0.75, 0.5, 0.75, None),
        ("2026-04", 1, 1.0, 0.0, None, None),
    ]


MONTHS = ("m0", "m1", "m2", "m3")


def test_a_long_period_shows_all_of_its_months() -> None:
    holds("ada", "a", "2024-11-03")
    year = Period(date(2024, 11, 1), date(2026, 6, 1), WINDOW, reporting_clock.reporting_zone())
    found = REGISTRY["business.retention"].drill_downs["cohorts"].table(year, Scope())

    # of November 2024, 18 months later still there
    assert rows_of([dict(one) for one in found.rows], "cohort", "m18", "m0") == [
        ("2024-11", 1.0, 1.0)
    ]


def test_a_cohort_s_open_month_is_empty() -> None:
    holds("ada", "a", "2026-05-03")

    assert rows_of(table("retention", "cohorts", "2026-05-10", "day"), "cohort", "m0") == [
        ("2026-05", None)
    ]


def test_a_scope_of_courses_has_the_customers_of_these() -> None:
    python, _ = school("py", "sql")
    holds("ada", "a", "2026-04-01", course="py")
    holds("bo", "b", "2026-04-01", course="sql")
    course_ids = frozenset({python.pk})
    churn = table("retention", "churn", MAY, course_ids=course_ids)
    cohorts = table("retention", "cohorts", MAY, course_ids=course_ids)

    assert rows_of(churn, "active") == rows_of(cohorts, "customers") == [(1,)]
