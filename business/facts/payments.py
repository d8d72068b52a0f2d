"""Book payments and refunds, each on its own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from business.facts.customers import customers_of
from business.models import Payment, Subscription
from business.models.payments import INCOMPLETE
from business.money import minor
from core.changes import Changes
from core.database import bulk_upsert
from core.database.locks import lock_to_write
from intake.event_batch import EventBatch
from intake.models import Event

REPORTED = (
    *("is_refund", "customer_id", "course_id", "is_customer_reported", "is_course_reported"),
    *("amount", "currency", "booked_at", "subscription_key", "payment_key"),
)

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
        rows: dict[Key, Payment] = {}
        for event in events:
            row = _payment(event, customers.get(event.pk))
            key = _key(row)
            rows[key] = row if _is_earlier(row, rows.get(key)) else rows[key]
        _write(rows, batch.changes)
        complete(
            batch.changes,
            subscriptions={row.subscription_key for row in rows.values()} - {""},
            payments={row.payment_key or row.key for row in rows.values()},
        )


def _payment(event: Event, customer: int | None) -> Payment:
    data = event.data
    sender, key, is_refund = key_of(event)
    amount = minor(data["amount"], data["currency"])
    return Payment(
        sender=sender,
        key=key,
        is_refund=is_refund,
        customer_id=customer,
        course_id=event.course_id,
        is_customer_reported=customer is not None,
        is_course_reported=event.course_id is not None,
        amount=-amount if is_refund else amount,
        currency=data["currency"],
        booked_at=event.occurred_at,
        subscription_key=data.get("subscription") or "",
        payment_key=(data.get("payment") or "") if is_refund else "",
    )


def key_of(event: Event) -> Key:
    """The key of the event's booking: the payment's own key, else the event's sender and id."""
    is_refund = event.kind == "payment.refunded"
    # a refund has no key of its own: `payment` names the refunded payment
    own = "" if is_refund else event.data.get("payment") or ""
    return "" if own else event.sender, own or event.key, is_refund


def _key(row: Payment) -> Key:
    return row.sender, row.key, row.is_refund


def _is_earlier(one: Payment, other: Payment | None) -> bool:
    """Compare by moment and, at the same moment, by contents, which do not depend on ids."""
    if other is None or one.booked_at != other.booked_at:
        return other is None or one.booked_at < other.booked_at
    return _contents(one) < _contents(other)


def _contents(row: Payment) -> str:
    """What the event reported, without what was taken from other rows since."""
    customer = row.customer if row.is_customer_reported else None
    course = row.course if row.is_course_reported else None
    who = (customer.kind, customer.key) if customer else ()
    other = (row.is_refund, row.amount, row.currency, row.subscription_key, row.payment_key)
    return repr((who, course.key if course else "", *other))


def _write(rows: dict[Key, Payment], changes: Changes) -> None:
    stored = {_key(one): one for one in _with_keys(rows)}
    changed = [rows[key] for key in sorted(rows) if _is_earlier(rows[key], stored.get(key))]
    bulk_upsert.upsert(
        Payment,
        ("sender", "key", *REPORTED),
        [(one.sender, one.key, *(getattr(one, name) for name in REPORTED)) for one in changed],
        conflict="sender, key, is_refund",
        merge=dict.fromkeys(REPORTED, "replace"),
    )
    before = [stored[key] for one in changed if (key := _key(one)) in stored]
    changes.changed(
        _with_keys(rows), booked_at=((one.course_id, one.booked_at) for one in (*before, *changed))
    )


def _with_keys(keys: Collection[Key]) -> QuerySet[Payment]:
    return Payment.objects.filter(
        sender__in={sender for sender, _, _ in keys}, key__in={key for _, key, _ in keys}
    )


def complete(
    changes: Changes, *, subscriptions: Collection[str] = (), payments: Collection[str] = ()
) -> None:
    """Fill in missing customers and courses from subscriptions and refunded payments (keys)."""
    incomplete = Payment.objects.filter(INCOMPLETE)
    paid = list(incomplete.filter(subscription_key__in=subscriptions)) if subscriptions else []
    _fill_in(paid, _subscriptions(subscriptions), changes)
    keys = {*payments, *(one.key for one in paid)}
    refunds = list(incomplete.filter(is_refund=True, payment_key__in=keys)) if keys else []
    _fill_in(refunds, _refunded_payments(refunds), changes)


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
        found = [one.pk for one in _with_keys(keys) if _key(one) in keys]
        _delete(Payment.objects.filter(pk__in=found), changes)
        complete(changes, payments={key for _, key, is_refund in keys if not is_refund})


def _delete(rows: QuerySet[Payment], changes: Changes) -> None:
    rows = rows.filter(has_purged_event=False)
    changes.changed(rows)
    rows.delete()
