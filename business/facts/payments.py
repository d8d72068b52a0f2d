"""Book payments and refunds, each on its own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, QuerySet

from business.facts.customers import customers_of
from business.models import Payment, Subscription
from business.models.payments import INCOMPLETE
from business.money import minor
from core.changes import Changes
from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, Template, given_texts
from core.database.locks import lock_to_write
from intake.event_batch import EventBatch
from intake.models import Event


class Booking(NamedTuple):
    """What is reported of a payment or refund: the columns of a Payment."""

    sender: str
    key: str
    is_refund: bool
    customer_id: int | None
    course_id: int | None
    is_customer_reported: bool
    is_course_reported: bool
    amount: int
    currency: str
    booked_at: datetime
    subscription_key: str
    payment_key: str


COLUMNS = Booking._fields
# sender, key, and whether it is a refund: a sender may give a refund its payment's id
Key = tuple[str, str, bool]
# what an incomplete payment may take its customer and course from
Source = Subscription | Payment


def book(batch: EventBatch) -> None:
    """Book each payment or refund; of two with the same key the earlier wins.

    A payment of zero is not booked.
    """
    events = [one for one in batch.events if minor(one.data["amount"], one.data["currency"])]
    with lock_to_write("business"):
        customers = customers_of(events)
        rows: dict[Key, Booking] = {}
        for event in events:
            row = _booking(event, customers.get(event.pk))
            key = row[:3]
            if key not in rows or _is_earlier(row, rows[key]):
                rows[key] = row
        _write(rows, batch.changes)
        complete(
            batch.changes,
            subscriptions={row.subscription_key for row in rows.values()} - {""},
            payments={row.payment_key or row.key for row in rows.values()},
        )


def _booking(event: Event, customer: int | None) -> Booking:
    data, course = event.data, event.course_id
    sender, key, is_refund = key_of(event)
    amount = minor(data["amount"], data["currency"])
    # by position, which takes half the time
    return Booking(
        *(sender, key, is_refund, customer, course, customer is not None, course is not None),
        -amount if is_refund else amount,
        data["currency"],
        event.occurred_at,
        data.get("subscription") or "",
        (data.get("payment") or "") if is_refund else "",
    )


def key_of(event: Event) -> Key:
    """The key of the event's booking: the payment's own key, else the event's sender and id."""
    is_refund = event.kind == "payment.refunded"
    # a refund has no key of its own: `payment` names the refunded payment
    own = "" if is_refund else event.data.get("payment") or ""
    return "" if own else event.sender, own or event.key, is_refund


def _is_earlier(one: Booking, other: Booking) -> bool:
    """Compare by moment and, at the same moment, by contents, which do not depend on ids."""
    if one.booked_at != other.booked_at:
        return one.booked_at < other.booked_at
    return _contents(one) < _contents(other)


def _contents(booking: Booking) -> str:
    """What the event reported, without what was taken from other rows since."""
    row = Payment(**booking._asdict())
    customer = row.customer if row.is_customer_reported else None
    course = row.course if row.is_course_reported else None
    who = (customer.kind, customer.key) if customer else ()
    other = (row.is_refund, row.amount, row.currency, row.subscription_key, row.payment_key)
    return repr((who, course.key if course else "", *other))


NAMED = Template(
    Payment.objects.filter(sender__in=given_texts("senders"), key__in=given_texts("keys"))
)
STORED = CompiledQuery(NAMED.rows.order_by().values_list("pk", *COLUMNS))


def _write(rows: Mapping[Key, Booking], changes: Changes) -> None:
    stored = {key: booking for _, key, booking in _stored(rows)}
    changed = [
        rows[key]
        for key in sorted(rows)
        if key not in stored or _is_earlier(rows[key], stored[key])
    ]
    bulk_upsert.upsert(
        Payment,
        COLUMNS,
        changed,
        conflict="sender, key, is_refund",
        merge=dict.fromkeys(COLUMNS[3:], "replace"),
    )
    before = [stored[key] for one in changed if (key := one[:3]) in stored]
    changes.changed(
        NAMED.given(**_names(rows)),
        booked_at=((one.course_id, one.booked_at) for one in (*before, *changed)),
    )


def _stored(keys: Collection[Key]) -> list[tuple[int, Key, Booking]]:
    """Return the bookings with these keys, and others of their senders with one of the texts."""
    rows = STORED.run(**_names(keys))
    return [
        (pk, (sender, key, bool(is_refund)), Booking(sender, key, bool(is_refund), *others))
        for pk, sender, key, is_refund, *others in rows
    ]


def _names(keys: Collection[Key]) -> dict[str, set[str]]:
    return {"senders": {sender for sender, _, _ in keys}, "keys": {key for _, key, _ in keys}}


INCOMPLETE_PAYMENTS = Payment.objects.filter(INCOMPLETE).order_by()
OF_SUBSCRIPTIONS = CompiledQuery(
    INCOMPLETE_PAYMENTS.filter(subscription_key__in=given_texts("keys")).values_list("pk")
)
REFUNDS = CompiledQuery(
    INCOMPLETE_PAYMENTS.filter(is_refund=True, payment_key__in=given_texts("keys")).values_list(
        "pk"
    )
)


def complete(
    changes: Changes, *, subscriptions: Collection[str] = (), payments: Collection[str] = ()
) -> None:
    """Fill in missing customers and courses from subscriptions and refunded payments (keys)."""
    paid = _found(OF_SUBSCRIPTIONS, subscriptions)
    _fill_in(paid, _subscriptions(subscriptions), changes)
    refunds = _found(REFUNDS, {*payments, *(one.key for one in paid)})
    _fill_in(refunds, _refunded_payments(refunds), changes)


def _found(query: CompiledQuery, keys: Collection[str]) -> list[Payment]:
    ids = [pk for (pk,) in query.run(keys=keys)] if keys else []
    return list(Payment.objects.filter(pk__in=ids)) if ids else []


def _subscriptions(keys: Collection[str]) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = defaultdict(list)
    for one in Subscription.objects.filter(key__in=keys).order_by("started_at") if keys else ():
        found[one.key].append(one)
    return found


def _refunded_payments(refunds: Sequence[Payment]) -> dict[str, list[Source]]:
    """The payments by key; those without a key of their own only count for their sender."""
    found: dict[str, list[Source]] = defaultdict(list)
    paid = Payment.objects.filter(
        sender__in={"", *(one.sender for one in refunds)},
        key__in={one.payment_key for one in refunds},
        is_refund=False,
    )
    for one in paid.order_by("sender"):
        found[one.key].append(one)
    return found


def _fill_in(rows: Sequence[Payment], sources: dict[str, list[Source]], changes: Changes) -> None:
    if not rows:
        return
    changed: list[Payment] = []
    moved: list[tuple[int | None, datetime]] = []
    for row in rows:
        before = (row.customer_id, row.course_id)
        source = _source(row, sources.get(row.subscription_key or row.payment_key, ()))
        if not row.is_customer_reported:
            row.customer_id = source.customer_id if source else None
        if not row.is_course_reported:
            row.course_id = source.course_id if source else None
        if (row.customer_id, row.course_id) != before:
            changed.append(row)
            moved += [(before[1], row.booked_at), (row.course_id, row.booked_at)]
    changes.changed(Payment.objects.filter(pk__in=[one.pk for one in changed]), booked_at=moved)
    Payment.objects.bulk_update(changed, ["customer", "course"], batch_size=500)


def _source(row: Payment, sources: Sequence[Source]) -> Source | None:
    """The subscription held when it was booked, else the first one, else the refunded payment."""
    held = [one for one in sources if isinstance(one, Subscription)]
    started = [one for one in held if one.started_at <= row.booked_at]
    paid = [one for one in sources if isinstance(one, Payment) and one.sender in ("", row.sender)]
    found: list[Source] = [*started[-1:], *held[:1], *paid[:1]]
    return found[0] if found else None


def delete_of_courses(course_ids: Collection[int] | None, changes: Changes) -> None:
    """Delete the bookings whose events named these courses or, for None, no course."""
    condition = Q(is_course_reported=False)
    if course_ids is not None:
        condition = Q(is_course_reported=True, course__in=course_ids)
    with lock_to_write("business"):
        _delete(Payment.objects.filter(condition), changes)
        refunds = Payment.objects.filter(is_refund=True).exclude(payment_key="")
        complete(changes, payments=set(refunds.values_list("payment_key", flat=True)))


def delete_bookings(keys: Collection[Key], changes: Changes) -> None:
    """Delete the bookings with these keys."""
    with lock_to_write("business"):
        found = [pk for pk, key, _ in _stored(keys) if key in keys]
        _delete(Payment.objects.filter(pk__in=found), changes)
        complete(changes, payments={key for _, key, is_refund in keys if not is_refund})


def _delete(rows: QuerySet[Payment], changes: Changes) -> None:
    rows = rows.filter(has_purged_event=False)
    changes.changed(rows)
    rows.delete()
