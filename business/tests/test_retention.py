"""Retention, worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest
from pytest_django.fixtures import Settings

from business.tests.shop import ACME, ends, holds, periods, retained, rows_of, school, table
from core import reporting_clock
from curriculum.models import Learner
from kpis.definitions.periods import WINDOW, Period
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope

pytestmark = pytest.mark.django_db

MAY, JUNE = "2026-05", "2026-06"


def test_retention_is_the_share_of_customers_who_stay() -> None:
    holds("ada", "a", "2026-04-10")
    holds("bo", "b", "2026-04-20")
    ends("b", "cancelled", "2026-05-15")

    assert retained(MAY) == (1, 2)
    assert retained(JUNE) == (1, 1)


def test_a_month_without_customers_has_no_value() -> None:
    assert retained(MAY) == (0, 0)


def test_customers_who_begin_in_the_month_do_not_count() -> None:
    holds("ada", "a", "2026-05-02")

    assert retained(MAY) == (0, 0)
    assert retained(JUNE) == (1, 1)


def test_customers_who_begin_and_cancel_in_the_month_do_not_count() -> None:
    holds("ada", "a", "2026-05-02")
    ends("a", "cancelled", "2026-05-20")

    assert retained(MAY) == retained(JUNE) == (0, 0)


def test_a_pause_across_the_start_of_the_month_is_not_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "paused", "2026-04-20")
    ends("a", "resumed", "2026-05-10")

    assert retained(MAY) == (1, 1)


def test_a_pause_without_an_end_is_not_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "paused", "2026-04-20")

    assert retained(MAY) == retained(JUNE) == (1, 1)


def test_finishing_is_not_churn_but_ends_the_subscription() -> None:
    holds("ada", "a", "2026-04-01", kind="purchase")
    ends("a", "finished", "2026-05-20")

    assert retained(MAY) == (1, 1)
    assert retained(JUNE) == (0, 0)


def test_restarting_within_the_month_is_not_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "cancelled", "2026-05-05")
    holds("ada", "a", "2026-05-25")

    assert periods() == [("a", "04-01", "05-05", "cancelled"), ("a", "05-25", None, "")]
    assert retained(MAY) == (1, 1)


def test_switching_to_another_subscription_is_not_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "cancelled", "2026-05-05")
    holds("ada", "b", "2026-05-25")

    assert retained(MAY) == (1, 1)


def test_restarting_a_month_later_is_churn() -> None:
    holds("ada", "a", "2026-04-01")
    ends("a", "cancelled", "2026-05-05")
    holds("ada", "a", "2026-06-25")

    assert retained(MAY) == (0, 1)
    assert retained(JUNE) == (0, 0)
    assert retained("2026-07") == (1, 1)


def test_cancelling_one_of_two_subscriptions_is_not_churn() -> None:
    holds("ada", "a", "2026-04-01")
    holds("ada", "b", "2026-04-02")
    ends("a", "cancelled", "2026-05-05")

    assert retained(MAY) == (1, 1)


def test_a_course_counts_only_its_own_subscriptions() -> None:
    python, sql = school("py", "sql")
    holds("ada", "a", "2026-04-01", course="py")
    holds("ada", "b", "2026-04-01", course="sql")
    ends("a", "cancelled", "2026-05-05")

    assert retained(MAY, of=python) == (0, 1)
    assert retained(MAY, of=sql) == retained(MAY) == (1, 1)


def test_an_organization_with_seats_counts_once() -> None:
    acme = ACME | {"name": "Acme", "seats": 40}
    holds("ada", "a", "2026-04-01", customer=acme)
    holds("bo", "b", "2026-04-01", customer=ACME)
    holds("cleo", "c", "2026-04-01")
    ends("c", "cancelled", "2026-05-05")

    assert retained(MAY) == (1, 2)


@pytest.mark.parametrize("kind", ["staff", "test"])
def test_staff_and_test_accounts_do_not_count(kind: str) -> None:
    holds("ada", "a", "2026-04-01")
    holds("bo", "b", "2026-04-01")
    Learner.objects.filter(key="bo").update(kind=kind)

    assert retained(MAY) == (1, 1)


def test_events_at_midnight_belong_to_the_new_month() -> None:
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
def test_days_with_a_clock_change_begin_and_end_at_local_midnight(
    settings: Settings, begins: str, ends_at: str, day: str
) -> None:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    holds("ada", "a", begins)
    ends("a", "cancelled", ends_at)

    assert retained(day, "day") == (1, 1)


def test_churn_is_the_complement_of_retention() -> None:
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


def test_new_customers_are_a_separate_group_behind_a_row() -> None:
    for number, who in enumerate(["ada", "bo", "cleo"]):
        holds(who, who, f"2026-04-0{number + 1}")
    holds("eve", "eve", "2026-05-20")

    assert rows_of(table("retention", "churn", MAY), "active", "new", "learners") == [(3, 1, 1)]


def test_cohort_retention_by_month() -> None:
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


def test_a_long_period_shows_all_its_months() -> None:
    holds("ada", "a", "2024-11-03")
    year = Period(date(2024, 11, 1), date(2026, 6, 1), WINDOW, reporting_clock.reporting_zone())
    found = REGISTRY["business.retention"].drill_downs["cohorts"].table(year, Scope())

    # of November 2024, 18 months later still there
    assert rows_of([dict(one) for one in found.rows], "cohort", "m18", "m0") == [
        ("2024-11", 1.0, 1.0)
    ]


def test_the_open_month_of_a_cohort_is_empty() -> None:
    holds("ada", "a", "2026-05-03")

    assert rows_of(table("retention", "cohorts", "2026-05-10", "day"), "cohort", "m0") == [
        ("2026-05", None)
    ]


def test_a_scope_of_courses_has_their_customers() -> None:
    python, _ = school("py", "sql")
    holds("ada", "a", "2026-04-01", course="py")
    holds("bo", "b", "2026-04-01", course="sql")
    course_ids = frozenset({python.pk})
    churn = table("retention", "churn", MAY, course_ids=course_ids)
    cohorts = table("retention", "cohorts", MAY, course_ids=course_ids)

    assert rows_of(churn, "active") == rows_of(cohorts, "customers") == [(1,)]
