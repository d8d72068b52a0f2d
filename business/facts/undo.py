"""Delete the facts of single events, so that the remaining events can create them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q
from django.utils import timezone

from business.facts import invitations, payments, referrals, subscriptions
from core.changes import Changes
from intake.models import Event, Receipt

STARTED, ACCEPTED, INVITED = "enrollment.started", "referral.accepted", "invitation.sent"
RECEIVED, REFUNDED = "payment.received", "payment.refunded"
SUBSCRIPTION = (
    *("subscription.started", "subscription.paused", "subscription.resumed"),
    *("subscription.cancelled", "subscription.finished"),
)


def undo(events: Sequence[Event], changes: Changes) -> list[Q]:
    """Delete the facts of these events; returns which kept events have to be applied again."""
    again = [
        _undo_subscriptions(events, changes),
        _undo_bookings(events, changes),
        _undo_invitations(events, changes),
        _undo_referrals(events, changes),
    ]
    return [condition for condition in again if condition]


def _undo_subscriptions(events: Sequence[Event], changes: Changes) -> Q:
    keys = {one.data["subscription"] for one in events if one.kind in SUBSCRIPTION}
    if not keys:
        return Q()
    subscriptions.delete_subscriptions(keys, changes, now=timezone.now())
    return Q(kind__in=SUBSCRIPTION, data__subscription__in=sorted(keys))


def _undo_bookings(events: Sequence[Event], changes: Changes) -> Q:
    booked = [one for one in events if one.kind in (RECEIVED, REFUNDED)]
    if not booked:
        return Q()
    keys = {payments.key_of(one) for one in booked}
    payments.delete_bookings(keys, changes)
    own = sorted(key for sender, key, _ in keys if not sender)
    named = Q(kind=RECEIVED, data__payment__in=own) if own else Q()
    senders, ids = {one.sender for one in booked}, {one.key for one in booked}
    return named | _with_ids((RECEIVED, REFUNDED), senders, ids)


def _undo_invitations(events: Sequence[Event], changes: Changes) -> Q:
    sent = [one for one in events if one.kind == INVITED]
    invitations.delete_of_events({(one.sender, one.key) for one in sent}, changes)
    senders, ids = {one.sender for one in sent}, {one.key for one in sent}
    return _with_ids((INVITED,), senders, ids) if sent else Q()


def _with_ids(kinds: Collection[str], senders: Collection[str], ids: Collection[str]) -> Q:
    # events are found by the ids of their senders through the index on receipts
    found = Receipt.objects.filter(sender__in=senders, key__in=ids, kind__in=kinds)
    return Q(kind__in=kinds, pk__in=found.order_by().values("pk"))


def _undo_referrals(events: Sequence[Event], changes: Changes) -> Q:
    kinds = (STARTED, ACCEPTED)
    some = [one for one in events if one.kind in kinds]
    referrals.delete_of_learners({(one.learner, one.course_id or 0) for one in some}, changes)
    learners, courses = {one.learner for one in some}, {one.course_id for one in some}
    return Q(kind__in=kinds, learner__in=learners, course__in=courses) if some else Q()
