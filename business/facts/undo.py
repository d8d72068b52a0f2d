"""Delete what single events made, so that the events that are left can make it again."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from business.facts import invitations, payments, referrals, subscriptions
from intake.models import Event

STARTED, ACCEPTED, INVITED = "enrollment.started", "referral.accepted", "invitation.sent"
RECEIVED, REFUNDED = "payment.received", "payment.refunded"
SUBSCRIPTION = (
    *("subscription.started", "subscription.paused", "subscription.resumed"),
    *("subscription.cancelled", "subscription.finished"),
)


def undo(events: Sequence[Event]) -> list[Q]:
    """Delete what these events made; returns which kept events are to make it again."""
    some = [_subscriptions(events), _bookings(events), _invitations(events), _referrals(events)]
    return [which for which in some if which]


def _subscriptions(events: Sequence[Event]) -> Q:
    keys = {one.data["subscription"] for one in events if one.kind in SUBSCRIPTION}
    if not keys:
        return Q()
    subscriptions.forget(keys, now=timezone.now())
    return Q(kind__in=SUBSCRIPTION, data__subscription__in=sorted(keys))


def _bookings(events: Sequence[Event]) -> Q:
    booked = [one for one in events if one.kind in (RECEIVED, REFUNDED)]
    if not booked:
        return Q()
    rows = {payments.key_of(one) for one in booked}
    payments.forget(rows)
    own = sorted(key for sender, key, _ in rows if not sender)
    named = Q(kind=RECEIVED, data__payment__in=own) if own else Q()
    senders, ids = {one.sender for one in booked}, {one.key for one in booked}
    return named | Q(kind__in=(RECEIVED, REFUNDED), sender__in=senders, key__in=ids)


def _invitations(events: Sequence[Event]) -> Q:
    sent = [one for one in events if one.kind == INVITED]
    invitations.forget({(one.sender, one.key) for one in sent})
    senders, ids = {one.sender for one in sent}, {one.key for one in sent}
    return Q(kind=INVITED, sender__in=senders, key__in=ids) if sent else Q()


def _referrals(events: Sequence[Event]) -> Q:
    came = [one for one in events if one.kind in (STARTED, ACCEPTED)]
    referrals.forget({(one.learner, one.course_id or 0) for one in came})
    learners, courses = {one.learner for one in came}, {one.course_id for one in came}
    kinds = (STARTED, ACCEPTED)
    return Q(kind__in=kinds, learner__in=learners, course__in=courses) if came else Q()
