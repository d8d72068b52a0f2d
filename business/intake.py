"""The kinds of events that business understands; docs/events.md tells senders of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Any, Literal

from babel.numbers import list_currencies
from django.utils import timezone
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from business.facts import invitations, payments, referrals, subscriptions, undo
from business.money import minor
from business.referral_codes import digest_of
from intake.event_kinds import (
    Data,
    EventSubject,
    batch_context,
    handles,
    on_event,
    resets_course,
    resets_without_course,
    undoes_events,
)
from intake.models import Event
from kpis.recompute import stale_days

CATEGORY = "business"
CODES = list_currencies()
LOOKS_LIKE_AN_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,4})?")
# in the smallest unit: a float still holds a sum of hundreds of them exactly
LARGEST = 10**13

batch_context(stale_days.batch)
undoes_events(undo.undo)

Key = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(min_length=1, max_length=40)]


@resets_course
def reset(course_ids: Iterable[int]) -> None:
    """Delete what events told of these courses (ids)."""
    _reset(list(course_ids))


@resets_without_course
def reset_loose() -> None:
    """Delete what events without a course told."""
    _reset(None)


def _reset(course_ids: Collection[int] | None) -> None:
    subscriptions.reset(course_ids, now=timezone.now())
    payments.reset(course_ids)
    invitations.reset(course_ids)
    referrals.reset(course_ids or ())


class Buyer(Data):
    """Who buys. `kind` learner: the learner of that key, enrolled or not."""

    key: Key
    kind: Literal["learner", "organisation"]
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    seats: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class Started(Data):
    """What is held: a subscription, or a purchase of a course."""

    subscription: Key
    kind: Literal["subscription", "purchase"] | None = None
    plan: Annotated[str, Field(max_length=100)] | None = None
    customer: Buyer | None = None


class Held(Data):
    """Which subscription or purchase."""

    subscription: Key


@handles("subscription.started", about=EventSubject.CUSTOMER, data=Started, needs_learner=True)
def subscription_started(events: Sequence[Event]) -> None:
    """A customer subscribed or bought a course; after an end, it starts again."""
    _follow(events)


@handles("subscription.paused", about=EventSubject.CUSTOMER, data=Held)
def subscription_paused(events: Sequence[Event]) -> None:
    """It rests. Who pauses is still a customer."""
    _follow(events)


@handles("subscription.resumed", about=EventSubject.CUSTOMER, data=Held)
def subscription_resumed(events: Sequence[Event]) -> None:
    """The pause ended."""
    _follow(events)


@handles("subscription.cancelled", about=EventSubject.CUSTOMER, data=Held)
def subscription_cancelled(events: Sequence[Event]) -> None:
    """The customer, or the provider, ended it before its purpose was reached."""
    _follow(events)


@handles("subscription.finished", about=EventSubject.CUSTOMER, data=Held)
def subscription_finished(events: Sequence[Event]) -> None:
    """It reached its purpose: the course is done, the term over. Never churn."""
    _follow(events)


def _follow(events: Sequence[Event]) -> None:
    subscriptions.record(events, now=timezone.now())
    stale_days.update_freshness(CATEGORY, events)


def _known(code: str) -> str:
    if code.upper() not in CODES:
        raise ValueError("is a code of ISO 4217, such as USD")
    return code.upper()


def _exact(amount: Any) -> Any:
    """A number of JSON with a fraction may be off already when it comes."""
    if isinstance(amount, int) and not isinstance(amount, bool) and amount >= 0:
        return str(amount)
    if not isinstance(amount, str) or not LOOKS_LIKE_AN_AMOUNT.fullmatch(amount):
        raise PydanticCustomError(
            "amount", 'should be a text such as "250.00" or a whole number, not below 0'
        )
    return amount


class Booked(Data):
    """An amount in its currency, as text or a whole number, never as a fraction of JSON."""

    # first, for what is asked of the amount depends on it
    currency: Annotated[str, AfterValidator(_known), Field(examples=["USD"])]
    amount: Annotated[str, BeforeValidator(_exact), Field(examples=["250.00"])]

    @field_validator("amount")
    @classmethod
    def _some(cls, amount: str, info: ValidationInfo) -> str:
        currency = info.data.get("currency")
        if currency and minor(amount, currency) > LARGEST:
            raise ValueError(f"{amount} {currency} is more than there is")
        return amount


class Paid(Booked):
    payment: Annotated[Key, Field(description="Its key; left out, the event's id.")] | None = None
    subscription: Key | None = None
    customer: Buyer | None = None


class Refunded(Booked):
    payment: Annotated[Key, Field(description="Key of the payment.")] | None = None


@handles("payment.received", about=EventSubject.CUSTOMER, data=Paid)
def payment_received(events: Sequence[Event]) -> None:
    """Money came in: it counts on the day of `occurred_at`."""
    payments.book(events)
    stale_days.update_freshness(CATEGORY, events)


@handles("payment.refunded", about=EventSubject.CUSTOMER, data=Refunded)
def payment_refunded(events: Sequence[Event]) -> None:
    """Money went back: it lowers the day of `occurred_at`, not that of its payment."""
    payments.book(events)
    stale_days.update_freshness(CATEGORY, events)


def _digested(invitee: object) -> object:
    return digest_of(invitee) if isinstance(invitee, str) and invitee.strip() else invitee


class Invited(Data):
    """How somebody was invited. The invitee's address is never kept, only a keyed digest."""

    code: Code | None = None
    channel: Annotated[str, Field(max_length=50)] | None = None
    invitee: Annotated[str, Field(min_length=1), BeforeValidator(_digested)] | None = None


@handles("invitation.sent", about=EventSubject.CUSTOMER, data=Invited, needs_learner=True)
def invitation_sent(events: Sequence[Event]) -> None:
    """The learner invited somebody, to a course or to all of them."""
    invitations.invite(events)
    stale_days.update_freshness(CATEGORY, events)


class Came(Data):
    code: Code


@handles(
    "referral.accepted",
    about=EventSubject.CUSTOMER,
    data=Came,
    needs_learner=True,
    needs_course=True,
)
def referral_accepted(events: Sequence[Event]) -> None:
    """The learner came to the course by the code of another."""
    referrals.accept(events)
    stale_days.update_freshness(CATEGORY, events)


@on_event("enrollment.started")
def enrollment_started(events: Sequence[Event]) -> None:
    """A learner who enrols may have come by a code, told now or remembered."""
    referrals.start(events)
    stale_days.update_freshness(CATEGORY, events)
