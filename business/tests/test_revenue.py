"""Payments and refunds, worked out by hand; amounts are stored in cents."""

from __future__ import annotations

from decimal import Decimal

import pytest

from business.models import Customer, Payment
from business.money import major, minor
from business.tests.shop import (
    ACME,
    enrolled,
    holds,
    paid,
    refund,
    rejection_of,
    rows_of,
    school,
    sums,
    table,
)
from curriculum.models import Course, Learner

pytestmark = pytest.mark.django_db


def revenue(day: str, kind: str = "month", *, of: Course | None = None) -> float:
    return sums("revenue", day, kind, of=of)[0]


def owners() -> list[tuple[str, str | None, str | None]]:
    """Key, customer and course of each booking."""
    rows = Payment.objects.order_by("booked_at")
    return list(rows.values_list("key", "customer__key", "course__key"))


def test_revenue_is_the_sum_of_payments() -> None:
    paid("ada", "250.00", "2026-05-03")
    paid("bo", 99, "2026-05-30")

    # 250.00 + 99.00
    assert revenue("2026-05") == 34_900


def test_a_refund_in_a_later_month_lowers_that_month() -> None:
    paid("ada", "250.00", "2026-05-03", payment="p1")
    refund("ada", "100.00", "2026-06-02", payment="p1")

    assert revenue("2026-05") == 25_000
    assert revenue("2026-06") == -10_000
    assert revenue("2026-05", "quarter") == 15_000


def test_a_refund_of_an_unknown_payment_is_booked_too() -> None:
    refund(None, "100.00", "2026-06-02", payment="nobody-knows")

    assert revenue("2026-06") == -10_000
    assert owners()[0][1:] == (None, None)


def test_currencies_are_never_added_together() -> None:
    paid("ada", "250.00", "2026-05-03")
    paid("ada", "250.00", "2026-05-04", currency="EUR")
    paid("ada", 3000, "2026-05-05", currency="JPY")
    refund("ada", "50.00", "2026-05-20", currency="EUR")

    assert revenue("2026-05") == 25_000
    columns = ("currency", "number", "received", "refunds", "refunded", "net", "customers")
    assert rows_of(table("revenue", "currencies", "2026-05"), *columns) == [
        ("EUR", 1, 250.0, 1, 50.0, 200.0, 1),
        ("JPY", 1, 3000.0, 0, 0.0, 3000.0, 1),
        ("USD", 1, 250.0, 0, 0.0, 250.0, 1),
    ]


def test_of_two_payments_with_one_key_the_earlier_counts() -> None:
    paid("ada", "250.00", "2026-05-03", payment="p1")
    paid("ada", "260.00", "2026-04-30", payment="p1")
    paid("ada", "270.00", "2026-06-30", payment="p1")

    assert [revenue(f"2026-0{month}") for month in (4, 5, 6)] == [26_000, 0, 0]


def test_payments_of_staff_and_test_accounts_do_not_count() -> None:
    paid("ada", "250.00", "2026-05-03")
    paid("bo", "250.00", "2026-05-03")
    Learner.objects.filter(key="bo").update(kind="test")

    assert revenue("2026-05") == 25_000


def test_a_payment_without_a_customer_counts() -> None:
    paid(None, "250.00", "2026-05-03")

    assert revenue("2026-05") == 25_000


def test_a_refund_belongs_to_the_customer_and_course_of_its_payment() -> None:
    (python,) = school("py")
    paid("ada", "250.00", "2026-05-03", course="py", payment="p1")
    refund(None, "100.00", "2026-05-20", payment="p1", id="r1")

    assert owners() == [("p1", "ada", "py"), ("r1", "ada", "py")]
    assert revenue("2026-05", of=python) == 15_000


def test_a_refund_can_arrive_before_its_payment() -> None:
    school("py")
    refund(None, "100.00", "2026-05-20", payment="p1", id="r1")
    paid("ada", "250.00", "2026-05-03", course="py", payment="p1")

    assert owners() == [("p1", "ada", "py"), ("r1", "ada", "py")]


def test_a_refund_can_name_the_event_of_a_payment_without_a_key() -> None:
    school("py")
    paid("ada", "250.00", "2026-05-03", course="py", id="e7")
    refund(None, "100.00", "2026-05-20", payment="e7", id="r1")

    assert owners() == [("e7", "ada", "py"), ("r1", "ada", "py")]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_payment_belongs_to_the_customer_of_its_subscription(is_first: bool) -> None:
    school("py")
    paying = {"subscription": "s1", "payment": "p1"}
    if is_first:
        holds(None, "s1", "2026-05-01", course="py", customer=ACME)
    paid(None, "250.00", "2026-05-03", **paying)
    refund(None, "100.00", "2026-05-20", payment="p1", id="r1")
    if not is_first:
        holds(None, "s1", "2026-05-01", course="py", customer=ACME)

    assert owners() == [("p1", "acme", "py"), ("r1", "acme", "py")]


def test_reported_customers_and_courses_are_kept() -> None:
    school("py", "sql")
    holds("ada", "s1", "2026-05-01", course="py")
    paid("bo", "250.00", "2026-05-03", course="sql", subscription="s1", payment="p1")

    assert owners() == [("p1", "bo", "sql")]


def test_a_learner_and_an_organization_with_one_key_are_two_customers() -> None:
    paid("acme", "1.00", "2026-05-03")
    paid(None, "1.00", "2026-05-04", customer=ACME)

    assert Customer.objects.count() == 2


def test_the_latest_name_and_seats_of_a_customer_win() -> None:
    named = [("2026-05-05", "Acme Ltd", 40), ("2026-05-03", "Acme", 30), ("2026-05-09", None, 20)]
    for at, name, seats in named:
        fields = {"seats": seats} | ({"name": name} if name else {})
        holds(None, "s1", at, customer=ACME | fields)
    acme = Customer.objects.get()

    assert (acme.name, acme.seats) == ("Acme Ltd", 20)


@pytest.mark.parametrize(
    ("amount", "currency", "cents"),
    [
        ("250.00", "USD", 25_000),
        ("250", "USD", 25_000),
        (3000, "JPY", 3_000),
        ("1.5", "KWD", 1_500),
    ],
)
def test_amounts_are_stored_in_the_smallest_unit(
    amount: str | int, currency: str, cents: int
) -> None:
    assert minor(amount, currency) == cents
    assert major(cents, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        (250.0, "USD", 'data.amount: should be text such as "250.00" or a whole number'),
        (True, "USD", 'data.amount: should be text such as "250.00" or a whole number'),
        ("-5.00", "USD", 'data.amount: should be text such as "250.00" or a whole number'),
        ("1e3", "USD", 'data.amount: should be text such as "250.00" or a whole number'),
        ("٣", "USD", 'data.amount: should be text such as "250.00" or a whole number'),
        ("9999999999999", "USD", "data.amount: 9999999999999 USD is too large"),
        ("250.005", "USD", "data.amount: an amount in USD has at most 2 decimal places"),
        ("3000.5", "JPY", "data.amount: an amount in JPY has at most 0 decimal places"),
        ("250.00", "$", "data.currency: should be an ISO 4217 currency code, such as USD"),
        ("250.00", "QQQ", "data.currency: should be an ISO 4217 currency code, such as USD"),
    ],
)
@pytest.mark.parametrize("kind", ["payment.received", "payment.refunded"])
def test_an_invalid_amount_is_rejected_with_the_reason(
    kind: str, amount: object, currency: str, reason: str
) -> None:
    rejection = rejection_of(kind, "2026-05-03", "ada", amount=amount, currency=currency)

    assert rejection.startswith(reason)


def test_months_and_quarters_have_their_own_rows() -> None:
    paid("ada", "250.00", "2026-04-03", payment="p1")
    paid("ada", "100.00", "2026-05-31T23:59:59Z")
    refund("ada", "50.00", "2026-06-01T00:00:00Z", payment="p1")
    columns = ("period", "received", "refunded", "net")

    assert rows_of(table("revenue", "months", "2026-05", "quarter"), *columns) == [
        ("2026-04", 25_000, 0, 25_000),
        ("2026-05", 10_000, 0, 10_000),
        ("2026-06", 0, 5_000, -5_000),
        ("2026-Q2", 35_000, 5_000, 30_000),
    ]


def test_revenue_per_enrollment_learner_and_customer() -> None:
    school("py", "sql")
    enrolled("ada", "bo", at="2026-05-03")
    for who in ("ada", "bo", "bo"):
        paid(who, "250.00", "2026-05-03", course="py")
    paid("ada", "10.00", "2026-05-04")
    columns = ("title", "net", "enrolments", "per_enrolment", "per_learner", "per_customer")

    # 750.00 by two enrollments, of two learners who paid
    assert rows_of(table("revenue", "courses", "2026-05"), *columns) == [
        ("(no course)", 1_000, 0, None, None, 1_000),
        ("Course py", 75_000, 2, 37_500, 37_500, 37_500),
    ]


def test_a_payment_needs_its_amount() -> None:
    assert rejection_of("payment.received", "2026-05-03", "ada", currency="USD") == (
        "data.amount: is required."
    )


def test_a_refund_can_have_the_id_of_its_payment() -> None:
    paid("ada", "100.00", "2026-02-03", id="ch_77")
    refund("ada", "30.00", "2026-02-04", id="ch_77")

    assert revenue("2026-02") == 7_000


def test_a_currency_can_be_lowercase() -> None:
    paid("ada", "250.00", "2026-05-03", currency="usd")

    assert revenue("2026-05") == 25_000


def test_a_payment_of_zero_is_accepted_but_not_booked() -> None:
    paid("ada", "0.00", "2026-05-03")

    assert not Payment.objects.exists()
