"""Subscriptions and purchases, made anew from all their moments whenever one comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from business.facts import payments
from business.facts.customers import customers_of
from business.facts.subscription_periods import (
    STARTED,
    Moment,
    Pause,
    SubscriptionPeriod,
    subscription_periods,
)
from business.models import Customer, Subscription, SubscriptionMoment, SubscriptionPause
from core import bulk_upsert, reporting_clock
from core.locks import lock_to_write
from curriculum.models import Course
from intake.models import Event
from kpis.definitions.periods import local_day
from kpis.recompute import stale_days

RETENTION = "business.retention"
STARTS = ("course_id", "customer_id", "kind", "plan")
TOLD = (*STARTS, "ended_at", "ended_by")

Key = tuple[str, datetime]
# of a course (None: of none), from and to
Span = tuple[int | None, datetime, datetime]
# what a start says: the values of STARTS
Start = tuple[Any, ...]


def record(events: Sequence[Event], *, now: datetime) -> None:
    """Keep what these events say of their subscriptions, and follow it."""
    with lock_to_write("business"):
        _keep(events)
        settle({event.data["subscription"] for event in events}, now=now)


def _keep(events: Sequence[Event]) -> None:
    """Keep moments; where two starts of one moment differ, the one that sorts first stands."""
    customers = customers_of(one for one in events if _what(one) == STARTED)
    rows: dict[tuple[str, str, datetime], Start] = {}
    for event in events:
        key = (event.data["subscription"], _what(event), event.occurred_at)
        says = _says(event, customers.get(event.pk))
        rows[key] = _first(says, rows.get(key, says))
    there = _there(rows)
    changed = {key: _first(says, there.get(key, says)) for key, says in rows.items()}
    bulk_upsert.upsert(
        SubscriptionMoment,
        ("key", "what", "at", *STARTS),
        [(*key, *changed[key]) for key in sorted(changed)],
        conflict="key, what, at",
        merge=dict.fromkeys(STARTS, "replace"),
    )


def _there(keys: Collection[tuple[str, str, datetime]]) -> dict[tuple[str, str, datetime], Start]:
    rows = SubscriptionMoment.objects.filter(key__in={key for key, _, _ in keys})
    return {(one.key, one.what, one.at): _start(one) for one in rows}


def _first(one: Start, other: Start) -> Start:
    """Of two things said of one moment the one that sorts first, whatever ids they got."""
    return one if one == other else min(one, other, key=_words)


def _words(start: Start) -> str:
    course, customer, *rest = start
    place = Course.objects.get(pk=course).key if course else ""
    buyer = Customer.objects.get(pk=customer) if customer else None
    return repr((buyer and (buyer.kind, buyer.key), place, *rest))


def _what(event: Event) -> str:
    return event.kind.rpartition(".")[2]


def _says(event: Event, customer: int | None) -> Start:
    if _what(event) != STARTED:
        return event.course_id, None, "", ""
    kind = event.data.get("kind") or Subscription.Kind.SUBSCRIPTION
    return event.course_id, customer, str(kind), event.data.get("plan") or ""


def _start(one: SubscriptionMoment) -> Start:
    return one.course_id, one.customer_id, one.kind, one.plan


def settle(keys: Collection[str], *, now: datetime) -> None:
    """Make these subscriptions what their moments say, and mark the days that differ."""
    wanted = _wanted(keys)
    there = {(one.key, one.started_at): one for one in _with_pauses(keys)}
    _mark(there, wanted, now)
    gone = [one.pk for key, one in there.items() if key not in wanted]
    Subscription.objects.filter(pk__in=gone).delete()
    changed = [key for key, one in wanted.items() if _differs(there.get(key), one)]
    _write({key: wanted[key] for key in changed})
    payments.inherit(subscriptions=keys)


def _wanted(keys: Collection[str]) -> dict[Key, SubscriptionPeriod]:
    moments: dict[str, list[Moment]] = defaultdict(list)
    for one in SubscriptionMoment.objects.filter(key__in=keys):
        moments[one.key].append(Moment(one.what, one.at, _start(one)))
    return {
        (key, stretch.started_at): stretch
        for key, some in moments.items()
        for stretch in subscription_periods(some)
    }


def _with_pauses(keys: Collection[str]) -> Iterable[Subscription]:
    return Subscription.objects.filter(key__in=keys).prefetch_related("pauses")


def _pauses(row: Subscription) -> list[Pause]:
    return [(one.started_at, one.ended_at) for one in row.pauses.all()]


def _differs(row: Subscription | None, one: SubscriptionPeriod) -> bool:
    return row is None or (*_told(row), _pauses(row)) != (*_told(one), one.pauses)


def _told(one: Subscription | SubscriptionPeriod) -> tuple[Any, ...]:
    if isinstance(one, SubscriptionPeriod):
        return (*one.start, one.ended_at, one.ended_by)
    return one.course_id, one.customer_id, one.kind, one.plan, one.ended_at, one.ended_by


def _write(wanted: dict[Key, SubscriptionPeriod]) -> None:
    bulk_upsert.upsert(
        Subscription,
        ("key", "started_at", *TOLD),
        [(*key, *_told(one)) for key, one in sorted(wanted.items())],
        conflict="key, started_at",
        merge=dict.fromkeys(TOLD, "replace"),
    )
    _rest(wanted)


def _rest(wanted: dict[Key, SubscriptionPeriod]) -> None:
    found = Subscription.objects.filter(key__in={key for key, _ in wanted})
    ids = {(key, at): pk for key, at, pk in found.values_list("key", "started_at", "pk")}
    SubscriptionPause.objects.filter(subscription__in=[ids[key] for key in wanted]).delete()
    SubscriptionPause.objects.bulk_create(
        SubscriptionPause(subscription_id=ids[key], started_at=begun, ended_at=ended)
        for key, one in wanted.items()
        for begun, ended in one.pauses
    )


def _mark(
    there: dict[Key, Subscription], wanted: dict[Key, SubscriptionPeriod], now: datetime
) -> None:
    spans: list[Span] = []
    for key in there.keys() | wanted.keys():
        before = _told(there[key]) if key in there else None
        after = _told(wanted[key]) if key in wanted else None
        if before != after:
            between = _between(key[1], before, after, now)
            spans += [(course, *between) for course in _courses(before, after)]
    mark_days(spans)


def _courses(*sides: tuple[Any, ...] | None) -> set[int | None]:
    return {side[0] for side in sides if side}


def _between(
    started_at: datetime, before: Start | None, after: Start | None, now: datetime
) -> tuple[datetime, datetime]:
    """From where to where it was held on one side and not, or otherwise, on the other."""
    ends = [side[4] or now for side in (before, after) if side]
    if len(ends) == 2 and before and after and before[:4] == after[:4]:
        return min(ends), max(ends)
    return started_at, max(ends)


def mark_days(spans: Iterable[Span]) -> None:
    """Mark the days from one moment to another, on which customers count differently."""
    zone = reporting_clock.reporting_zone()
    of_course: dict[int | None, list[tuple[date, date]]] = defaultdict(list)
    for course, begun, ended in spans:
        first = local_day(begun, zone)
        of_course[course].append((first, max(first, local_day(ended, zone))))
    for course, some in of_course.items():
        stale_days.mark_days_stale(RETENTION, ((course, day) for day in _days(some)))


def _days(spans: Iterable[tuple[date, date]]) -> Iterator[date]:
    """The days of all spans, each once: thousands of customers share most of theirs."""
    day = date.min
    for first, last in sorted(spans):
        day = max(day, first)
        while day <= last:
            yield day
            day += timedelta(days=1)


def mark_customers(keys: Collection[str], *, now: datetime) -> None:
    """These learners, by key, count as customers now, or no longer."""
    rows = Subscription.objects.filter(customer__kind="learner", customer__key__in=keys)
    held = rows.values_list("course_id", "started_at", "ended_at")
    mark_days((course, begun, ended or now) for course, begun, ended in held)


def reset(course_ids: Collection[int] | None, *, now: datetime) -> None:
    """Delete what events of these courses, or (None) of none, told."""
    told = Q(course=None) if course_ids is None else Q(course__in=course_ids)
    _forget(SubscriptionMoment.objects.filter(told), now=now)


def forget(keys: Collection[str], *, now: datetime) -> None:
    """Delete what events said of these subscriptions."""
    _forget(SubscriptionMoment.objects.filter(key__in=keys), now=now)


def _forget(rows: QuerySet[SubscriptionMoment], *, now: datetime) -> None:
    keys = set(rows.order_by().values_list("key", flat=True).distinct())
    with lock_to_write("business"):
        rows.delete()
        for chunk in _chunks(sorted(keys)):
            settle(chunk, now=now)


def _chunks(keys: Sequence[str], size: int = 5_000) -> Iterable[Sequence[str]]:
    return (keys[at : at + size] for at in range(0, len(keys), size))
