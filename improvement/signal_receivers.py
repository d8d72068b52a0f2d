"""Follow what happens below: alerts that close, and values that staff change themselves."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext

from accounts.languages import in_language_of
from accounts.models import User
from alerts.models import AlertEvent
from alerts.signals import alert_changed
from curriculum.models import ParameterChange
from curriculum.signals import parameter_changed, proposal_rejected
from improvement import decisions
from improvement.answer_queue import queue_answer
from improvement.history import record
from improvement.locking import lock
from improvement.models import Adjustment, AdjustmentEvent, AdjustmentRule

Kind, Status = AdjustmentEvent.Kind, Adjustment.Status
OPENING = (AlertEvent.Kind.OPENED, AlertEvent.Kind.REOPENED)
CLOSING = (AlertEvent.Kind.RECOVERED, AlertEvent.Kind.CLOSED)


@receiver(alert_changed)
def follow_alert(event: AlertEvent, **_: Any) -> None:
    """Withdraw proposals for an alert that closed; answer those that opened or recovered."""
    if event.kind in CLOSING:
        _withdraw_for(event)
    if event.kind in (*OPENING, AlertEvent.Kind.RECOVERED):
        transaction.on_commit(queue_answer)


def _withdraw_for(event: AlertEvent) -> None:
    waiting = Adjustment.objects.filter(alert=event.alert_id, status=Status.PROPOSED)
    with in_language_of(None):
        reason = gettext("The alert has closed: %(what)s") % {"what": event.get_kind_display()}
    for adjustment in lock(waiting.exclude(rule__when=AdjustmentRule.When.RECOVERS)):
        decisions.withdraw(adjustment, reason=reason, now=event.at)


@receiver(proposal_rejected)
def follow_rejection(change: ParameterChange, **_: Any) -> None:
    """Close the adjustment of a proposal that was rejected, or replaced by another value."""
    for adjustment in Adjustment.objects.filter(change=change, status=Status.PROPOSED):
        with in_language_of(None):
            reason = gettext("Its proposal was rejected with the parameter, or another value set.")
        decisions.withdraw(adjustment, reason=reason, now=change.decided_at, by=_decider(change))


@receiver(parameter_changed)
def follow_change(change: ParameterChange, **_: Any) -> None:
    """Follow a value that was set, applied or reverted with the parameter itself.

    Decisions about an adjustment change its status first, so that nothing is left to do here.
    """
    if change.status == ParameterChange.Status.APPLIED:
        _follow_own_application(change)
        _follow_later_value(change)
    if (reverted := change.reverts or _reverted(change)) is not None:
        _follow_revert(reverted, change)


def _reverted(change: ParameterChange) -> ParameterChange | None:
    return change if change.status == ParameterChange.Status.REVERTED else None


def _follow_own_application(change: ParameterChange) -> None:
    """Somebody approved the proposal with the parameter instead of with the adjustment."""
    for adjustment in Adjustment.objects.filter(change=change, status=Status.PROPOSED):
        begins = change.applies_from
        at = change.decided_at or timezone.now()
        record(
            adjustment,
            Kind.APPROVED,
            at=at,
            by=_decider(change),
            status=Status.WATCHED if begins <= at else Status.APPROVED,
            decided_by=_decider(change),
            decided_at=at,
            applies_from=begins,
            watch_until=decisions.watching_ends(begins, adjustment.watch_days),
        )


def _follow_later_value(change: ParameterChange) -> None:
    """Another value ends the watching: no effect could be told apart from that of the new one."""
    applied = Adjustment.objects.filter(
        parameter=change.parameter_id, status__in=(Status.APPROVED, Status.WATCHED)
    ).exclude(change__in=[pk for pk in (change.pk, change.reverts_id) if pk])
    for adjustment in applied.filter(effect_computed_at=None):
        with in_language_of(None):
            reason = gettext("The value was changed again before the effect was measured.")
        record(
            adjustment,
            Kind.REPLACED,
            at=change.decided_at or timezone.now(),
            by=_decider(change),
            reason=reason,
            status=Status.REPLACED,
            closed_at=change.decided_at,
        )


def _follow_revert(reverted: ParameterChange, by_change: ParameterChange) -> None:
    """Somebody reverted the change with the parameter instead of with the adjustment."""
    open_or_kept = (Status.APPROVED, Status.WATCHED, Status.KEPT)
    for adjustment in Adjustment.objects.filter(change=reverted, status__in=open_or_kept):
        record(
            adjustment,
            Kind.REVERTED,
            at=by_change.decided_at or timezone.now(),
            by=_decider(by_change),
            reason=by_change.reason if by_change is not reverted else "",
            status=Status.REVERTED,
            closed_at=by_change.decided_at,
        )


def _decider(change: ParameterChange) -> User | None:
    return User.objects.filter(pk=change.decided_by_id).first() if change.decided_by_id else None
