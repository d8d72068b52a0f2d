"""Stripe's balance history: charges, refunds, fees and payouts, each in a row of its own."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import CellError, Choice, Chosen, decimal_choice, got, order_choice
from intake.files.records import Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.payers import paid_by, payer_choices

PAYMENTS = {"charge", "payment"}
REFUNDS = {"refund", "payment_refund", "payment_failure_refund"}
CREATED = "Created (UTC)"
UTC = ZoneInfo("UTC")


class StripeBalance(Shape):
    key = "stripe-balance"
    title = gettext_lazy("Stripe balance history")
    about = gettext_lazy(
        "Charges and payments with their gross amounts, and refunds. Payouts, fees, disputes and "
        "adjustments are left out."
    )
    signature = (("id",), ("Type",), ("Amount",), ("Net",), ("Currency",), (CREATED,))
    has_learners = False

    def choices(self, sample: Sample) -> list[Choice]:
        return [
            *payer_choices(sample, "Customer Email", "Customer ID"),
            *order_choice(sample, CREATED),
            *decimal_choice(sample, "Amount", "Net", "Fee"),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        def read(record: Record) -> Iterator[Made | Skip]:
            kind = record.get("Type").casefold()
            if kind not in PAYMENTS | REFUNDS:
                yield Skip(gettext("“%s” is neither a payment nor a refund") % record.get("Type"))
                return
            amount = chosen.number(record, "Amount")
            key, source = record.get("id"), record.get("Source")
            if not key or amount is None or amount.startswith("-") == (kind in PAYMENTS):
                expected = gettext("an amount above 0 for a payment, below 0 for a refund")
                raise CellError("Amount", got(record.get("Amount")), expected)
            data = {"amount": amount.lstrip("-"), "currency": record.get("Currency").upper()}
            if kind in PAYMENTS:
                data["payment"] = source or key
            yield Made(
                "payment.received" if kind in PAYMENTS else "payment.refunded", (key,),
                chosen.needed_moment(record, CREATED, zone=UTC),
                data=data, **paid_by(record, chosen),
            )  # fmt: skip

        return read
