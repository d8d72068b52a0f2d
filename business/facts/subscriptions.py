"""Store changes of subscriptions, and rebuild the periods that follow from all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from business.facts import payments
from business.facts.customers import customers_of
from business.facts.subscription_periods import (
    STARTED,
    Change,
    SubscriptionPeriod,
    subscription_periods,
)
from business.models import Customer, Subscription, SubscriptionChange, SubscriptionPause
from core.changes import Changes
from core.database import bulk_upsert
from core.database.locks import lock_to_write
from curriculum.models import Course
from intake.event_batch import EventBatch
from intake.models import Event

DETAILS = ("course_id", "customer_id", "kind", "plan")
COLUMNS = (*DETAILS, "ended_at", "ended_by")
BATCH_SIZE = 5_000

# the values of DETAILS
Details = tuple[Any, ...]
# key of a subscription, change and moment
ChangeKey = tuple[str, str, datetime]
# key and start of a subscription's period
PeriodKey = tuple[str, datetime]
# course id (None: no course), from and to
Span = tuple[int | None, datetime, datetime]


def add_changes(batch: EventBatch) -> None:
    """Store the changes that these events report, and rebuild their subscriptions."""
    with lock_to_write("business"):
        _store(batch.events)
        keys = {event.data["subscription"] for event in batch.events}
        # open subscriptions count until today, whenever their events are said to arrive
        rebuild(keys, batch.changes, now=timezone.now())


def _store(events: Sequence[Event]) -> None:
    """Store changes; of two at the same moment the one that sorts first wins."""
    customers = customers_of(one for one in events if _change_of(one) == STARTED)
    reported: dict[ChangeKey, Details] = {}
    for event in events:
        key = (event.data["subscription"], _change_of(event), event.occurred_at)
        details = _details_of(event, customers.get(event.pk))
        reported[key] = _first(details, reported.get(key, details))
    rows = SubscriptionChange.objects.filter(key__in={key for key, _, _ in reported})
    stored = {(one.key, one.change, one.at): _stored_details(one) for one in rows}
    changed = {key: _first(details, stored.get(key, details)) for key, details in reported.items()}
    bulk_upsert.upsert(
        SubscriptionChange,
        ("key", "change", "at", *DETAILS),
        [(*key, *changed[key]) for key in sorted(changed)],
        conflict="key, change, at",  # not translated: SQL
        merge=dict.fromkeys(DETAILS, "replace"),
    )


def _change_of(event: Event) -> str:
    return event.kind.rpartition(".")[2]


def _details_of(event: Event, customer: int | None) -> Details:
    if _change_of(event) != STARTED:
        return event.course_id, None, "", ""
    kind = event.data.get("kind") or Subscription.Kind.SUBSCRIPTION
    return event.course_id, customer, str(kind), event.data.get("plan") or ""


def _stored_details(one: SubscriptionChange) -> Details:
    return one.course_id, one.customer_id, one.kind, one.plan


def _first(one: Details, other: Details) -> Details:
    """The one that sorts first by its contents, which do not depend on ids."""
    return one if one == other else min(one, other, key=_contents)


def _contents(details: Details) -> str:
    course_id, customer_id, *rest = details
    course = Course.objects.get(pk=course_id).key if course_id else ""
    customer = Customer.objects.get(pk=customer_id) if customer_id else None
    return repr((customer and (customer.kind, customer.key), course, *rest))


def rebuild(keys: Collection[str], changes: Changes, *, now: datetime) -> None:
    """Rebuild these subscriptions from their changes, and mark the days that differ."""
    periods = _periods(keys)
    rows = Subscription.objects.filter(key__in=keys).prefetch_related("pauses")
    stored = {(one.key, one.started_at): one for one in rows}
    _mark_changes_stale(stored, periods, changes, now=now)
    gone = [one.pk for key, one in stored.items() if key not in periods]
    Subscription.objects.filter(pk__in=gone).delete()
    _write({key: one for key, one in periods.items() if _differs(stored.get(key), one)})
    payments.complete(changes, subscriptions=keys)


def _periods(keys: Collection[str]) -> dict[PeriodKey, SubscriptionPeriod]:
    changes: dict[str, list[Change]] = defaultdict(list)
    for one in SubscriptionChange.objects.filter(key__in=keys):
        changes[one.key].append(Change(one.change, one.at, _stored_details(one)))
    return {
        (key, period.started_at): period
        for key, some in changes.items()
        for period in subscription_periods(some)
    }


def _differs(row: Subscription | None, period: SubscriptionPeriod) -> bool:
    if row is None:
        return True
    pauses = [(one.started_at, one.ended_at) for one in row.pauses.all()]
    return (*_values(row), pauses) != (*_values(period), period.pauses)


def _values(one: Subscription | SubscriptionPeriod) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    if isinstance(one, SubscriptionPeriod):
        return (*one.details, one.ended_at, one.ended_by)
    return one.course_id, one.customer_id, one.kind, one.plan, one.ended_at, one.ended_by


def _write(periods: dict[PeriodKey, SubscriptionPeriod]) -> None:
    bulk_upsert.upsert(
        Subscription,
        ("key", "started_at", *COLUMNS),
        [(*key, *_values(one)) for key, one in sorted(periods.items())],
        conflict="key, started_at",
        merge=dict.fromkeys(COLUMNS, "replace"),
    )
    rows = Subscription.objects.filter(key__in={key for key, _ in periods})
    ids = {(key, at): pk for key, at, pk in rows.values_list("key", "started_at", "pk")}
    SubscriptionPause.objects.filter(subscription__in=[ids[key] for key in periods]).delete()
    SubscriptionPause.objects.bulk_create(
        SubscriptionPause(subscription_id=ids[key], started_at=start, ended_at=end)
        for key, one in periods.items()
        for start, end in one.pauses
    )


def _mark_changes_stale(
    stored: dict[PeriodKey, Subscription],
    periods: dict[PeriodKey, SubscriptionPeriod],
    changes: Changes,
    *,
    now: datetime,
) -> None:
    spans: list[Span] = []
    starts: list[tuple[int | None, datetime]] = []
    ends: list[tuple[int | None, datetime | None]] = []
    for key in stored.keys() | periods.keys():
        before = _values(stored[key]) if key in stored else None
        after = _values(periods[key]) if key in periods else None
        if before != after:
            sides = [side for side in (before, after) if side]
            span = _changed_span(key[1], before, after, now)
            spans += [(course, *span) for course in {side[0] for side in sides}]
            starts += [(side[0], key[1]) for side in sides]
            ends += [(side[0], side[4]) for side in sides]
    rows = Subscription.objects.filter(key__in={key for key, _ in stored.keys() | periods.keys()})
    changes.changed(rows, spans=spans, started_at=starts, ended_at=ends)


def _changed_span(
    started_at: datetime,
    before: tuple[Any, ...] | None,
    after: tuple[Any, ...] | None,
    now: datetime,
) -> tuple[datetime, datetime]:
    """From when to when the values before and after differ."""
    ends = [side[4] or now for side in (before, after) if side]
    if len(ends) == 2 and before and after and before[:4] == after[:4]:
        return min(ends), max(ends)
    return started_at, max(ends)


def delete_of_courses(
    course_ids: Collection[int] | None, changes: Changes, *, now: datetime
) -> None:
    """Delete the changes that name these courses or, for None, no course."""
    condition = Q(course=None) if course_ids is None else Q(course__in=course_ids)
    _delete(SubscriptionChange.objects.filter(condition), changes, now=now)


def delete_subscriptions(keys: Collection[str], changes: Changes, *, now: datetime) -> None:
    """Delete all changes of these subscriptions."""
    _delete(SubscriptionChange.objects.filter(key__in=keys), changes, now=now)


def _delete(rows: QuerySet[SubscriptionChange], changes: Changes, *, now: datetime) -> None:
    rows = rows.filter(has_purged_event=False)
    keys = sorted(set(rows.order_by().values_list("key", flat=True).distinct()))
    with lock_to_write("business"):
        rows.delete()
        for at in range(0, len(keys), BATCH_SIZE):
            rebuild(keys[at : at + BATCH_SIZE], changes, now=now)
