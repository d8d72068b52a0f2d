"""Handle the kinds of events that business understands; docs/events.md documents them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from babel.numbers import list_currencies
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from business.facts import invitations, payments, purged, referrals, subscriptions, undo
from business.money import minor
from business.referral_codes import digest_of
from core.changes import Changes
from intake.event_batch import EventBatch
from intake.event_kinds import (
    Data,
    EventSubject,
    handles,
    on_event,
    resets_course,
    resets_without_course,
    undoes_events,
)
from intake.facts.rebuildable import finds_beyond_horizon, marks_purged

CATEGORY = "business"
CURRENCIES = list_currencies()
AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,4})?")
# in the smallest unit; a float represents a sum of hundreds of such amounts exactly
LARGEST_AMOUNT = 10**13

undoes_events(undo.undo)
marks_purged(purged.mark, purged.KINDS)
finds_beyond_horizon(purged.beyond_horizon)

Key = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=40)]


@resets_course
def reset_courses(course_ids: Iterable[int], changes: Changes) -> None:
    """Delete the facts that events made in these courses (ids)."""
    _reset(list(course_ids), changes)


@resets_without_course
def reset_without_course(changes: Changes) -> None:
    """Delete the facts that events without a course made."""
    _reset(None, changes)


def _reset(course_ids: Collection[int] | None, changes: Changes) -> None:
    subscriptions.delete_of_courses(course_ids, changes, now=timezone.now())
    payments.delete_of_courses(course_ids, changes)
    invitations.delete_of_courses(course_ids, changes)
    referrals.delete_of_courses(course_ids or (), changes)


class CustomerData(Data):
    """The buyer. For the kind `learner`, the key is that of a learner, enrolled or not."""

    key: Key
    kind: Literal["learner", "organisation"]
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    seats: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class StartData(Data):
    """A subscription, or the purchase of a course."""

    subscription: Key
    kind: Literal["subscription", "purchase"] | None = None
    plan: Annotated[str, Field(max_length=100)] | None = None
    customer: CustomerData | None = None


class SubscriptionData(Data):
    """The key of the subscription or purchase."""

    subscription: Key


@handles("subscription.started", about=EventSubject.CUSTOMER, data=StartData, needs_learner=True)
def subscription_started(batch: EventBatch) -> None:
    """A customer subscribed or bought a course. After an end, it starts again."""
    _change_subscriptions(batch)


@handles("subscription.paused", about=EventSubject.CUSTOMER, data=SubscriptionData)
def subscription_paused(batch: EventBatch) -> None:
    """The subscription is paused. Its holder is still a customer."""
    _change_subscriptions(batch)


@handles("subscription.resumed", about=EventSubject.CUSTOMER, data=SubscriptionData)
def subscription_resumed(batch: EventBatch) -> None:
    """The pause ended."""
    _change_subscriptions(batch)


@handles("subscription.cancelled", about=EventSubject.CUSTOMER, data=SubscriptionData)
def subscription_cancelled(batch: EventBatch) -> None:
    """The customer or the provider ended it before it reached its purpose."""
    _change_subscriptions(batch)


@handles("subscription.finished", about=EventSubject.CUSTOMER, data=SubscriptionData)
def subscription_finished(batch: EventBatch) -> None:
    """It reached its purpose: the course is completed or the term is over. Never churn."""
    _change_subscriptions(batch)


def _change_subscriptions(batch: EventBatch) -> None:
    subscriptions.add_changes(batch)
    batch.changes.update_freshness(CATEGORY, batch.events)


def _currency(code: str) -> str:
    if code.upper() not in CURRENCIES:
        raise ValueError("should be an ISO 4217 currency code, such as USD")
    return code.upper()


def _exact_amount(amount: Any) -> Any:
    """Accept text or a whole number; a JSON number with a fraction may already be inexact."""
    if isinstance(amount, int) and not isinstance(amount, bool):
        return str(amount)
    if not isinstance(amount, str) or not AMOUNT.fullmatch(amount):
        sentence = gettext('should be text such as "250.00" or a whole number, not negative')
        raise PydanticCustomError("amount", sentence)
    return amount


class BookingData(Data):
    """An amount in its currency, as text or a whole number, never a JSON number with a fraction."""

    # comes first, because the amount is validated by its currency
    currency: Annotated[str, AfterValidator(_currency), Field(examples=["USD"])]
    amount: Annotated[str, BeforeValidator(_exact_amount), Field(examples=["250.00"])]

    @field_validator("amount")
    @classmethod
    def _is_possible(cls, amount: str, info: ValidationInfo) -> str:
        currency = info.data.get("currency")
        if currency and minor(amount, currency) > LARGEST_AMOUNT:
            raise ValueError(f"{amount} {currency} is too large")
        return amount


class PaymentData(BookingData):
    payment: (
        Annotated[Key, Field(description=_("Key of the payment; the default is the event's id."))]
        | None
    ) = None
    subscription: Key | None = None
    customer: CustomerData | None = None


class RefundData(BookingData):
    payment: Annotated[Key, Field(description=_("Key of the refunded payment."))] | None = None


@handles("payment.received", about=EventSubject.CUSTOMER, data=PaymentData)
def payment_received(batch: EventBatch) -> None:
    """A payment was received. It counts on the day of `occurred_at`."""
    payments.book(batch)
    batch.changes.update_freshness(CATEGORY, batch.events)


@handles("payment.refunded", about=EventSubject.CUSTOMER, data=RefundData)
def payment_refunded(batch: EventBatch) -> None:
    """A payment was refunded. It lowers revenue on the day of `occurred_at`, not of the payment."""
    payments.book(batch)
    batch.changes.update_freshness(CATEGORY, batch.events)


def _digest(invitee: object) -> object:
    return digest_of(invitee) if isinstance(invitee, str) and invitee.strip() else invitee


class InvitationData(Data):
    """How a learner invited somebody. The address is stored as a keyed digest only."""

    code: Code | None = None
    channel: Annotated[str, Field(max_length=50)] | None = None
    invitee: Annotated[str, Field(min_length=1), BeforeValidator(_digest)] | None = None


@handles("invitation.sent", about=EventSubject.CUSTOMER, data=InvitationData, needs_learner=True)
def invitation_sent(batch: EventBatch) -> None:
    """The learner invited somebody, to one course or to all."""
    invitations.add_invitations(batch)
    batch.changes.update_freshness(CATEGORY, batch.events)


class ReferralData(Data):
    code: Code


@handles(
    "referral.accepted",
    about=EventSubject.CUSTOMER,
    data=ReferralData,
    needs_learner=True,
    needs_course=True,
)
def referral_accepted(batch: EventBatch) -> None:
    """The learner came to the course through another learner's code."""
    referrals.add_referrals(batch)
    batch.changes.update_freshness(CATEGORY, batch.events)


@on_event("enrollment.started")
def enrollment_started(batch: EventBatch) -> None:
    """Store the referral of a new enrollment, by a reported or a remembered code."""
    referrals.add_of_enrollments(batch)
    batch.changes.update_freshness(CATEGORY, batch.events)
