"""Stripe's exports of payments and of the balance."""

# ruff: noqa: E501  # rows as long as the tools write them

from __future__ import annotations

from pathlib import Path

import pytest

from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
HEAD = (
    *("id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured"),
    *("Status", "Customer Email", "Refunded date (UTC)", "course (metadata)"),
)
CHOICES = ("learner=Customer Email", "course_column=course (metadata)")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def row(
    key: str, amount: str, refunded: str = "0.00", status: str = "Paid", on: str = ""
) -> list[str]:
    return [key, "2026-06-05 20:38:34", amount, refunded, "usd", "true", status, "ada", on, "py"]


def test_a_refund_in_the_row_of_its_payment_is_booked_on_its_own_day(tmp_path: Path) -> None:
    rows = (
        row("ch_77", "100.00", "30.00", "Partial refund", "2026-07-01 08:00:00"),
        row("ch_78", "50.00"),
    )
    take(table(tmp_path / "payments.csv", HEAD, *rows), *CHOICES)
    (refund,) = events("payment.refunded")

    assert [one.data["amount"] for one in events("payment.received")] == ["100.00", "50.00"]
    assert (refund.data["amount"], refund.data["payment"]) == ("30.00", "ch_77")
    assert refund.occurred_at.isoformat() == "2026-07-01T08:00:00+00:00"
    assert {one.data["currency"] for one in events("payment.received")} == {"USD"}


def test_the_date_of_refunds_is_asked_where_the_file_has_none(tmp_path: Path) -> None:
    path = table(tmp_path / "payments.csv", HEAD, row("ch_77", "100.00", "30.00", "Refunded"))
    assert "Choose “Date of refunds” (refunded_on)" in refusal(path, *CHOICES)

    take(path, *CHOICES, "refunded_on=2026-07-02")
    assert events("payment.refunded")[0].occurred_at.day == 2


def test_failed_payments_are_left_out(tmp_path: Path) -> None:
    text = take(
        table(tmp_path / "p.csv", HEAD, row("1", "5.00"), row("2", "7.00", status="Failed")),
        *CHOICES,
    )

    assert len(events("payment.received")) == 1
    assert "1 left out, in line 3: not paid: Failed" in text


def test_amounts_with_a_decimal_comma(tmp_path: Path) -> None:
    take(table(tmp_path / "p.csv", HEAD, row("1", "1.250,00", "0,00"), delimiter=";"), *CHOICES)

    assert events("payment.received")[0].data["amount"] == "1250.00"


def test_an_amount_that_could_be_two_numbers_is_asked(tmp_path: Path) -> None:
    path = table(tmp_path / "p.csv", HEAD, row("1", "1,250", "0"))
    text = refusal(path, *CHOICES)

    assert "point: Decimal point – “1,250” is 1,250; comma: Decimal comma – “1,250” is 1" in text


def test_a_refund_that_comes_later_leaves_the_payment_alone(tmp_path: Path) -> None:
    take(table(tmp_path / "1.csv", HEAD, row("ch_77", "100.00")), *CHOICES)
    later = table(
        tmp_path / "2.csv",
        HEAD,
        row("ch_77", "100.00", "100.00", "Refunded", "2026-07-01 08:00:00"),
    )
    text = take(later, *CHOICES)

    assert "1 new, 0 replaced, 1 already stored" in text


BALANCE = ("id", "Type", "Source", "Amount", "Fee", "Net", "Currency", "Created (UTC)", "Available On (UTC)")  # fmt: skip


def test_the_balance_has_charges_refunds_and_what_is_left_out(tmp_path: Path) -> None:
    path = table(
        tmp_path / "balance.csv", BALANCE,
        ("txn_1", "charge", "ch_1", "120.00", "3.78", "116.22", "usd", "2026-09-01 14:03", "2026-09-03 00:00"),
        ("txn_2", "refund", "re_1", "-20.00", "0.00", "-20.00", "usd", "2026-09-02 14:03", "2026-09-04 00:00"),
        ("txn_3", "payout", "po_1", "-96.22", "0.00", "-96.22", "usd", "2026-09-05 14:03", "2026-09-06 00:00"),
    )  # fmt: skip
    text = take(path, "learner=nobody")

    assert events("payment.received")[0].data["payment"] == "ch_1"
    assert events("payment.refunded")[0].data["amount"] == "20.00"
    assert "“payout” is neither a payment nor a refund" in text


ACTIVITY = ("balance_transaction_id", "created_utc", "available_on_utc", "currency", "gross", "fee", "net", "reporting_category", "source_id", "description", "charge_id", "customer_email")  # fmt: skip


def test_the_itemized_activity_has_charges_and_refunds(tmp_path: Path) -> None:
    path = table(
        tmp_path / "activity.csv", ACTIVITY,
        ("txn_1", "2026-09-01 14:03:00", "2026-09-03 00:00:00", "eur", "1,120.00", "3.78", "1,116.22", "charge", "ch_1", 'Acme, "monthly"', "ch_1", "ada"),
        ("txn_2", "2026-09-02 14:03:00", "2026-09-04 00:00:00", "eur", "-20.00", "0.00", "-20.00", "refund", "re_1", "", "ch_1", "ada"),
        ("txn_3", "2026-09-05 14:03:00", "2026-09-06 00:00:00", "eur", "-96.22", "0.00", "-96.22", "payout", "po_1", "", "", ""),
    )  # fmt: skip
    text = take(path, "learner=customer_email")
    (paid,), (refund,) = events("payment.received"), events("payment.refunded")

    assert (paid.data["amount"], paid.data["payment"], paid.learner) == ("1120.00", "ch_1", "ada")
    assert (refund.data["amount"], refund.data["payment"]) == ("20.00", "ch_1")
    assert "“payout” is neither a payment nor a refund" in text


def test_activity_in_the_zone_of_the_account_asks_for_it(tmp_path: Path) -> None:
    header = tuple("created" if one == "created_utc" else one for one in ACTIVITY)
    row = ("txn_1", "2026-09-01 14:03:00", "", "eur", "120.00", "3.78", "116.22", "charge", "ch_1", "", "ch_1", "ada")  # fmt: skip
    path = table(tmp_path / "activity.csv", header, row)
    take(path, "learner=customer_email", "zone=America/New_York")

    assert events("payment.received")[0].occurred_at.hour == 18
