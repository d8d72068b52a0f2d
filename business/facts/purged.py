"""Keep the facts of purged events, which a replay or a correction could not create again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from business.facts import payments
from business.facts.undo import ACCEPTED, INVITED, RECEIVED, REFUNDED, STARTED, SUBSCRIPTION
from business.models import Invitation, Payment, Referral, SubscriptionChange
from core.database.locks import lock_to_write
from intake.models import Event

# the kinds of events that lead to such facts
KINDS = (STARTED, ACCEPTED, INVITED, RECEIVED, REFUNDED, *SUBSCRIPTION)
# the facts (ids) to which each event (id) led
FactsByEvent = Mapping[int, set[int]]


def mark(events: Sequence[Event]) -> None:
    """Mark the facts of these events, which are about to be purged."""
    with lock_to_write("business"):
        for rows, by_event in _facts(events):
            ids = {pk for pks in by_event.values() for pk in pks}
            rows.filter(pk__in=ids).update(has_purged_event=True)


def beyond_horizon(events: Sequence[Event]) -> set[int]:
    """Return those of the events (ids) that led to a fact to which a purged event led, too."""
    found: set[int] = set()
    for rows, by_event in _facts(events):
        ids = {pk for pks in by_event.values() for pk in pks}
        marked = set(rows.filter(pk__in=ids, has_purged_event=True).values_list("pk", flat=True))
        found |= {event for event, pks in by_event.items() if not marked.isdisjoint(pks)}
    return found


def _facts(events: Sequence[Event]) -> Iterator[tuple[QuerySet[Any], FactsByEvent]]:
    """Yield, for each kind of fact, its rows and the facts (ids) of each event (id)."""
    yield SubscriptionChange.objects.order_by(), _changes(events)
    yield Payment.objects.order_by(), _bookings(events)
    yield Invitation.objects.order_by(), _invitations(events)
    yield Referral.objects.order_by(), _referrals(events)


def _changes(events: Sequence[Event]) -> FactsByEvent:
    keys = {
        one.pk: (one.data["subscription"], one.kind.rpartition(".")[2], one.occurred_at)
        for one in events
        if one.kind in SUBSCRIPTION
    }
    rows = SubscriptionChange.objects.filter(key__in={key for key, _, _ in keys.values()})
    return _by_event(keys, rows.values_list("key", "change", "at", "pk"))


def _bookings(events: Sequence[Event]) -> FactsByEvent:
    keys = {one.pk: payments.key_of(one) for one in events if one.kind in (RECEIVED, REFUNDED)}
    rows = Payment.objects.filter(key__in={key for _, key, _ in keys.values()})
    return _by_event(keys, rows.values_list("sender", "key", "is_refund", "pk"))


def _invitations(events: Sequence[Event]) -> FactsByEvent:
    keys = {one.pk: (one.sender, one.key) for one in events if one.kind == INVITED}
    rows = Invitation.objects.filter(key__in={key for _, key in keys.values()})
    return _by_event(keys, rows.values_list("sender", "key", "pk"))


def _referrals(events: Sequence[Event]) -> FactsByEvent:
    """Return the referrals of sign-ups, too, by whichever code."""
    keys = {
        one.pk: (one.learner, one.course_id, one.run_key)
        for one in events
        if one.kind in (STARTED, ACCEPTED)
    }
    rows = Referral.objects.filter(learner__key__in={learner for learner, _, _ in keys.values()})
    return _by_event(keys, rows.values_list("learner__key", "course_id", "run_key", "pk"))


def _by_event(keys: Mapping[int, tuple[Any, ...]], rows: Iterable[tuple[Any, ...]]) -> FactsByEvent:
    """Match the key of each event (id) with the rows, which end with the id of the fact."""
    ids: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for *key, pk in rows if keys else ():
        ids[tuple(key)].add(pk)
    return {event: ids[key] for event, key in keys.items() if key in ids}
