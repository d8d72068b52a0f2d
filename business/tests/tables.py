"""Read all facts that follow from events as plain rows, to compare two runs."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from business.models import (
    Customer,
    Invitation,
    Payment,
    Referral,
    Subscription,
    SubscriptionChange,
    SubscriptionPause,
)

Table = list[tuple[Any, ...]]

COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Customer: ("kind", "key", "name", "name_reported_at", "seats", "seats_reported_at"),
    SubscriptionChange: ("key", "change", "at", "course__key", "customer__key", "kind", "plan"),
    Subscription: (
        *("key", "customer__key", "course__key", "kind", "plan"),
        *("started_at", "ended_at", "ended_by"),
    ),
    SubscriptionPause: ("subscription__key", "started_at", "ended_at"),
    Payment: (
        *("sender", "key", "is_refund", "customer__key", "course__key", "amount", "currency"),
        *(
            "booked_at",
            "subscription_key",
            "payment_key",
            "is_customer_reported",
            "is_course_reported",
        ),
    ),
    Invitation: ("sender", "key", "learner__key", "course__key", "sent_at", "code", "invitee"),
    Referral: (
        *("learner__key", "course__key", "run_key", "code", "accepted_at"),
        *("referrer__key", "enrollment__run__key", "rejected"),
    ),
}


def facts() -> dict[str, Table]:
    """All rows by the name of their model, without ids, which differ between runs."""
    return {model.__name__: _rows(model, columns) for model, columns in COLUMNS.items()}


def _rows(model: type[Model], columns: tuple[str, ...]) -> Table:
    return sorted(model._default_manager.values_list(*columns), key=repr)
