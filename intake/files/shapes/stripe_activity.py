"""Stripe's report “Balance change from activity”, itemized: amounts by reporting category."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    CellError,
    Choice,
    Chosen,
    decimal_choice,
    got,
    order_choice,
    zone_choice,
)
from intake.files.records import Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.payers import paid_by, payer_choices

PAYMENT, REFUND = "charge", "refund"
CREATED_UTC, CREATED = "created_utc", "created"
PERSON = ("customer_email", "customer_id", "customer_facing_email")
UTC = ZoneInfo("UTC")


class StripeActivity(Shape):
    key = "stripe-activity"
    title = gettext_lazy("Stripe balance change from activity")
    about = gettext_lazy(
        "Charges with their gross amounts, and refunds. Payouts, fees, disputes and adjustments "
        "are left out."
    )
    signature = (
        ("balance_transaction_id",), (CREATED_UTC, CREATED), ("currency",), ("gross",),
        ("reporting_category",),
    )  # fmt: skip
    has_learners = False

    def choices(self, sample: Sample) -> list[Choice]:
        date, is_utc = _date(sample)
        return [
            *payer_choices(sample, *PERSON),
            *order_choice(sample, date),
            *([] if is_utc else zone_choice(sample, date)),
            *decimal_choice(sample, "gross", "net", "fee"),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        date, is_utc = _date(sample)

        def read(record: Record) -> Iterator[Made | Skip]:
            category = record.get("reporting_category").casefold()
            if category not in (PAYMENT, REFUND):
                named = record.get("reporting_category")
                yield Skip(gettext("“%s” is neither a payment nor a refund") % named)
                return
            key, amount = record.get("balance_transaction_id"), chosen.number(record, "gross")
            is_payment = category == PAYMENT
            if not key or amount is None or amount.startswith("-") == is_payment:
                expected = gettext("an amount above 0 for a payment, below 0 for a refund")
                raise CellError("gross", got(record.get("gross")), expected)
            data = {"amount": amount.lstrip("-"), "currency": record.get("currency").upper()}
            if payment := record.get("charge_id") or (is_payment and record.get("source_id")):
                data["payment"] = payment
            elif is_payment:
                data["payment"] = key
            at = chosen.needed_moment(record, date, zone=UTC if is_utc else None)
            kind = "payment.received" if is_payment else "payment.refunded"
            yield Made(kind, (key,), at, data=data, **paid_by(record, chosen))

        return read


def _date(sample: Sample) -> tuple[str, bool]:
    """Return the column of dates, and whether its times are in UTC; else the account's zone."""
    utc = sample.header.find(CREATED_UTC)
    return utc or sample.header.find(CREATED), bool(utc)
