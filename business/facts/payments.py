"""Payments and refunds, each booked on its own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from business.facts.customers import customers_of
from business.models import Customer, Payment, Subscription
from business.models.payments import UNREPORTED
from business.money import minor, revenue_keys
from core import bulk_upsert
from core.locks import lock_to_write
from intake.models import Event
from kpis.recompute import stale_days

TOLD = (
    *("is_refund", "customer_id", "course_id", "is_customer_told", "is_course_told"),
    *("amount", "currency", "booked_at", "subscription_key", "payment_key"),
)

DAY = ("currency", "course_id", "booked_at")

# sender, key, and whether it is a refund: a sender may give a refund its payment's id
Key = tuple[str, str, bool]
Day = tuple[str, int | None, datetime]


def book(events: Sequence[Event]) -> None:
    """Book each payment or refund; of two with one key the earlier stands.

    An order for nothing is no payment.
    """
    events = [one for one in events if minor(one.data["amount"], one.data["currency"])]
    with lock_to_write("business"):
        customers = customers_of(events)
        rows: dict[Key, Payment] = {}
        for event in events:
            row = _row(event, customers.get(event.pk))
            key = _key(row)
            rows[key] = row if _is_earlier(row, rows.get(key)) else rows[key]
        _write(rows)
        inherit(
            subscriptions={row.subscription_key for row in rows.values()} - {""},
            payments={row.payment_key or row.key for row in rows.values()},
        )


def _row(event: Event, customer: int | None) -> Payment:
    says = event.data
    sender, key, is_refund = key_of(event)
    amount = minor(says["amount"], says["currency"])
    return Payment(
        sender=sender,
        key=key,
        is_refund=is_refund,
        customer_id=customer,
        course_id=event.course_id,
        is_customer_told=customer is not None,
        is_course_told=event.course_id is not None,
        amount=-amount if is_refund else amount,
        currency=says["currency"],
        booked_at=event.occurred_at,
        subscription_key=says.get("subscription") or "",
        payment_key=(says.get("payment") or "") if is_refund else "",
    )


def key_of(event: Event) -> Key:
    """What its booking is known by: the payment's own key, else the event's sender and id."""
    is_refund = event.kind == "payment.refunded"
    # a refund has no key of its own: what it names is the payment's
    own = "" if is_refund else event.data.get("payment") or ""
    return "" if own else event.sender, own or event.key, is_refund


def _key(row: Payment) -> Key:
    return row.sender, row.key, row.is_refund


def _is_earlier(one: Payment, there: Payment | None) -> bool:
    """By the moment; of two of one moment the one that sorts first, whatever ids they got."""
    if there is None or one.booked_at != there.booked_at:
        return there is None or one.booked_at < there.booked_at
    return _words(one) < _words(there)


def _words(row: Payment) -> str:
    """What its event told; what was inherited since was not told."""
    customer = row.customer if row.is_customer_told else None
    course = row.course if row.is_course_told else None
    who = (customer.kind, customer.key) if customer else ()
    told = (row.is_refund, row.amount, row.currency, row.subscription_key, row.payment_key)
    return repr((who, course.key if course else "", *told))


def _write(rows: dict[Key, Payment]) -> None:
    there = {_key(one): one for one in _of_keys(rows)}
    changed = [rows[key] for key in sorted(rows) if _is_earlier(rows[key], there.get(key))]
    bulk_upsert.upsert(
        Payment,
        ("sender", "key", *TOLD),
        [(one.sender, one.key, *_values(one)) for one in changed],
        conflict="sender, key, is_refund",
        merge=dict.fromkeys(TOLD, "replace"),
    )
    before = [there[key] for one in changed if (key := _key(one)) in there]
    mark_stale(_day(one) for one in (*before, *changed))


def _of_keys(keys: Collection[Key]) -> QuerySet[Payment]:
    senders, known_by = {sender for sender, _, _ in keys}, {key for _, key, _ in keys}
    return Payment.objects.filter(sender__in=senders, key__in=known_by)


def _values(row: Payment) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in TOLD)


def inherit(*, subscriptions: Collection[str] = (), payments: Collection[str] = ()) -> None:
    """Give bookings the customer and course of their subscription or payment, as known now."""
    untold = Payment.objects.filter(UNREPORTED)
    paid = list(untold.filter(subscription_key__in=subscriptions)) if subscriptions else []
    _take_over(paid, _held(subscriptions))
    keys = {*payments, *(one.key for one in paid)}
    refunds = list(untold.filter(is_refund=True, payment_key__in=keys)) if keys else []
    _take_over(refunds, _paid(refunds))


Source = Subscription | Payment
Sources = dict[tuple[str, str, str], Sequence[Source]]


def _held(keys: Collection[str]) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = defaultdict(list)
    for one in Subscription.objects.filter(key__in=keys).order_by("started_at") if keys else ():
        found[one.key].append(one)
    return found


def _paid(refunds: Sequence[Payment]) -> dict[str, list[Source]]:
    """The payments by key; one without a key of its own is its sender's alone."""
    found: dict[str, list[Source]] = defaultdict(list)
    paid = Payment.objects.filter(
        sender__in={"", *(one.sender for one in refunds)},
        key__in={one.payment_key for one in refunds},
        is_refund=False,
    )
    for one in paid.order_by("sender"):
        found[one.key].append(one)
    return found


def _take_over(rows: Sequence[Payment], sources: dict[str, list[Source]]) -> None:
    changed = []
    for row in rows:
        before = (row.customer_id, row.course_id)
        source = _source(row, sources.get(row.subscription_key or row.payment_key, ()))
        if not row.is_customer_told:
            row.customer_id = source.customer_id if source else None
        if not row.is_course_told:
            row.course_id = source.course_id if source else None
        if (row.customer_id, row.course_id) != before:
            mark_stale([_day(row), (row.currency, before[1], row.booked_at)])
            changed.append(row)
    Payment.objects.bulk_update(changed, ["customer", "course"], batch_size=500)


def _source(row: Payment, sources: Sequence[Source]) -> Source | None:
    """The subscription held when it was booked, or the payment; None where it is not known."""
    held = [one for one in sources if isinstance(one, Subscription)]
    begun = [one for one in held if one.started_at <= row.booked_at]
    paid = [one for one in sources if isinstance(one, Payment) and one.sender in ("", row.sender)]
    found: list[Source] = [*begun[-1:], *held[:1], *paid[:1]]
    return found[0] if found else None


def mark_stale(days: Iterable[Day]) -> None:
    """Mark the days of bookings under their currency's KPI, where it has one."""
    keys = revenue_keys()
    found: dict[str, set[tuple[int | None, datetime]]] = defaultdict(set)
    for currency, course, at in days:
        if currency in keys:
            found[keys[currency]].add((course, at))
    for key, moments in found.items():
        stale_days.mark_moments_stale(key, moments)


def _day(row: Payment) -> Day:
    return row.currency, row.course_id, row.booked_at


def mark_customers(keys: Collection[str]) -> None:
    """These learners, by key, count as customers now, or no longer."""
    rows = Payment.objects.filter(customer__kind=Customer.Kind.LEARNER, customer__key__in=keys)
    mark_stale(rows.values_list(*DAY))


def reset(course_ids: Collection[int] | None) -> None:
    """Delete the bookings of which the events told these courses, or (None) no course."""
    told = Q(is_course_told=False)
    if course_ids is not None:
        told = Q(is_course_told=True, course__in=course_ids)
    with lock_to_write("business"):
        _forget(Payment.objects.filter(told))
        refunds = Payment.objects.filter(is_refund=True).exclude(payment_key="")
        inherit(payments=set(refunds.values_list("payment_key", flat=True)))


def forget(keys: Collection[Key]) -> None:
    """Delete these bookings."""
    with lock_to_write("business"):
        found = [one.pk for one in _of_keys(keys) if _key(one) in keys]
        _forget(Payment.objects.filter(pk__in=found))
        inherit(payments={key for _, key, is_refund in keys if not is_refund})


def _forget(rows: QuerySet[Payment]) -> None:
    mark_stale(rows.order_by().values_list(*DAY).distinct().iterator())
    rows.delete()
