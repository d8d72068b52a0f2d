from __future__ import annotations

from django.db.models import Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from business.facts.undo import RECEIVED, REFUNDED, SUBSCRIPTION
from business.models import (
    Customer,
    Invitation,
    OrganizationGrant,
    Payment,
    Referral,
    ReferralCode,
    RememberedCode,
    Seat,
    Subscription,
    SubscriptionChange,
    SubscriptionPause,
)
from core.mentions import keys_may_name_people
from core.personal_data import Action, Person, found_once, holds_personal_data, replaces
from intake.personal_data import finds_events


def _customers(person: Person) -> QuerySet[Customer]:
    learner = Q(key=person.key) | Q(learner=person.learner_id)
    return Customer.objects.filter(learner, kind=Customer.Kind.LEARNER)


def _payments(person: Person) -> QuerySet[Payment]:
    return Payment.objects.filter(customer__in=_customers(person))


def _subscriptions(person: Person) -> QuerySet[Subscription]:
    return Subscription.objects.filter(customer__in=_customers(person))


def _changes(person: Person) -> QuerySet[SubscriptionChange]:
    return SubscriptionChange.objects.filter(key__in=_subscriptions(person).values("key"))


@found_once
def _keys(person: Person) -> list[tuple[str, str, bool]]:
    """Return sender, key and whether it is that of a payment, of payments and subscriptions."""
    paid = _payments(person).order_by().values_list("sender", "key", Value(True))
    subscribed = _subscriptions(person).order_by().values_list(Value(""), "key", Value(False))
    return list(paid.union(subscribed, all=True))


@finds_events
def _events(person: Person) -> Q:
    """Find the events of the person's subscriptions and payments that name no customer."""
    subscriptions = [key for _, key, is_payment in _keys(person) if not is_payment]
    payments = [(sender, key) for sender, key, is_payment in _keys(person) if is_payment]
    own = [key for sender, key in payments if not sender]
    return (
        Q(kind__in=SUBSCRIPTION, data__subscription__in=subscriptions)
        | Q(kind=RECEIVED, data__payment__in=own)
        | Q(
            kind__in=(RECEIVED, REFUNDED),
            sender__in={sender for sender, _ in payments},
            key__in={key for _, key in payments},
        )
    )


def _anonymize(customers: QuerySet[Customer], person: Person) -> None:
    customers.update(key=person.pseudonym, name="")


holds_personal_data(
    Payment,
    _payments,
    ("key", "amount", "currency", "booked_at", "subscription_key", "payment_key"),
    action=Action.ANONYMIZE,
    by=replaces("key", "subscription_key", "payment_key"),
)
# the changes before the subscriptions, and all before the customers, by whom they are found
holds_personal_data(
    SubscriptionChange, _changes, ("key", "change", "at"),
    action=Action.ANONYMIZE, by=replaces("key"),
)  # fmt: skip
holds_personal_data(
    SubscriptionPause,
    lambda person: SubscriptionPause.objects.filter(subscription__in=_subscriptions(person)),
    ("started_at", "ended_at"),
    action=Action.KEEP,
    reason=_("Dates of a customer who is anonymous by then."),
)
holds_personal_data(
    Subscription, _subscriptions, ("key", "plan", "started_at", "ended_at"),
    action=Action.ANONYMIZE, by=replaces("key"),
)  # fmt: skip
holds_personal_data(
    Customer,
    _customers,
    ("key", "name", "seats"),
    names=("name",),
    action=Action.ANONYMIZE,
    by=_anonymize,
)
holds_personal_data(
    Invitation, "learner", ("key", "sent_at", "code", "channel"),
    action=Action.ANONYMIZE, by=replaces("key"),
)  # fmt: skip
holds_personal_data(RememberedCode, "learner", ("code", "remembered_at"), action=Action.DELETE)
holds_personal_data(
    ReferralCode, "learner", ("code",), action=Action.KEEP,
    reason=_("Random letters. Without them, those who came by them would not count."),
)  # fmt: skip
holds_personal_data(
    Referral, "learner", ("code", "accepted_at"), action=Action.KEEP,
    reason=_("Somebody else's code; the learner who used it is anonymous by then."),
)  # fmt: skip
holds_personal_data(Seat, "learner", action=Action.DELETE)
holds_personal_data(OrganizationGrant, "user__learner", action=Action.DELETE)
# of others; their events get the same keys
keys_may_name_people(Payment, "key")
keys_may_name_people(Invitation, "key")
