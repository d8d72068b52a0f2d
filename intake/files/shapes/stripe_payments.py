"""Stripe's export of payments: a refund stands in the row of its payment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    CellError,
    Choice,
    Chosen,
    day_choice,
    decimal_choice,
    got,
    order_choice,
)
from intake.files.records import Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.payers import paid_by, payer_choices

CREATED = ("Created date (UTC)", "Created (UTC)")
REFUNDED = ("Refunded date (UTC)", "Refunded (UTC)")
PAID = {"paid", "refunded", "partial refund", "partially refunded", "succeeded", "disputed", ""}
UNPAID = {"failed", "canceled", "cancelled", "incomplete", "blocked", "expired", "uncaptured"}
UTC = ZoneInfo("UTC")


class StripePayments(Shape):
    key = "stripe-payments"
    title = gettext_lazy("Stripe payments")
    about = gettext_lazy(
        "A payment per row, and a refund where an amount was refunded. Failed and unpaid ones are "
        "left out."
    )
    signature = (("id",), CREATED, ("Amount",), ("Amount Refunded",), ("Currency",))
    has_learners = False

    def choices(self, sample: Sample) -> list[Choice]:
        refunds = [one for one in sample.records if _is_refunded(one)]
        undated = any(not any(map(one.get, REFUNDED)) for one in refunds)
        return [
            *payer_choices(sample, "Customer Email", "Customer ID"),
            *order_choice(sample, *CREATED, *REFUNDED),
            *decimal_choice(sample, "Amount", "Amount Refunded"),
            *([_refunded_on_choice()] if undated else []),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        def read(record: Record) -> Iterator[Made | Skip]:
            if not _is_paid(record):
                yield Skip(gettext("not paid: %s") % (record.get("Status") or "Captured: false"))
                return
            key = record.get("id")
            if not key:
                raise CellError("id", gettext("is empty."), gettext("the id of the payment"))
            place = paid_by(record, chosen)
            yield Made(
                "payment.received", (key,), chosen.needed_moment(record, *CREATED, zone=UTC),
                data=_money(record, "Amount", chosen, payment=key), **place,
            )  # fmt: skip
            if not _is_refunded(record):
                return
            at = chosen.moment(record, *REFUNDED, zone=UTC)
            if at is None and "refunded_on" not in chosen:
                raise CellError(
                    REFUNDED[0], gettext("is empty."), gettext("the date of the refund")
                )
            yield Made(
                "payment.refunded", (key,), at or chosen.day("refunded_on"),
                data=_money(record, "Amount Refunded", chosen, payment=key),
                is_undated=at is None, **place,
            )  # fmt: skip

        return read


def _is_paid(record: Record) -> bool:
    status, captured = record.get("Status").casefold(), record.get("Captured").casefold()
    if status in UNPAID:
        return False
    return captured == "true" if captured else status in PAID


def _is_refunded(record: Record) -> bool:
    return any(digit in "123456789" for digit in record.get("Amount Refunded"))


def _refunded_on_choice() -> Choice:
    return day_choice(
        "refunded_on",
        gettext_lazy("Date of refunds"),
        gettext_lazy(
            "The file does not say when payments were refunded. A date such as 2026-03-31."
        ),
    )


def _money(record: Record, column: str, chosen: Chosen, *, payment: str) -> dict[str, Any]:
    amount = chosen.number(record, column)
    if amount is None or amount.startswith("-"):
        raise CellError(column, got(record.get(column)), gettext("an amount such as 250.00"))
    return {"amount": amount, "currency": record.get("Currency").upper(), "payment": payment}
