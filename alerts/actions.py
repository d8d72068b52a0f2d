"""What people do with an alert: acknowledge, snooze, comment, close. Each writes an event."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.languages import in_language_of
from accounts.models import User
from alerts.evaluation.write_alerts import record_events
from alerts.models import Alert, AlertEvent
from core import localized, reporting_clock

Kind = AlertEvent.Kind
NO_CONDITION = Q()


def acknowledge(
    alert: Alert,
    *,
    by: User | None,
    owner: User | None = None,
    note: str = "",
    is_first: bool = False,
) -> AlertEvent:
    """Acknowledge an alert and set its owner, by default whoever acknowledges.

    ValidationError if the alert is closed, or if it must be the first acknowledgment and is not.
    """
    owner, now = owner or by, timezone.now()
    with in_language_of(None):
        reason = gettext("Owner: %(owner)s.") % {"owner": owner} if owner else ""
    return _act(
        alert,
        Kind.ACKNOWLEDGED,
        f"{reason} {note}".strip(),
        by,
        only=Q(acknowledged_at=None) if is_first else Q(),
        acknowledged_at=now,
        acknowledged_by=by,
        owner=owner,
        note=note,
    )


def snooze(alert: Alert, *, by: User | None, until: datetime, reason: str) -> AlertEvent:
    """Mute an alert until a moment; ValidationError if that is past or the reason is empty."""
    if until <= timezone.now():
        raise ValidationError(gettext("The snooze must end in the future."))
    if not reason.strip():
        raise ValidationError(gettext("Enter a reason for snoozing."), code="required")
    with in_language_of(None):
        moment = localized.moment(until.astimezone(reporting_clock.reporting_zone()))
        sentence = gettext("Until %(moment)s: %(reason)s") % {
            "moment": moment,
            "reason": reason.strip(),
        }
    return _act(alert, Kind.SNOOZED, sentence, by, snoozed_until=until)


def unsnooze(alert: Alert, *, by: User | None) -> AlertEvent:
    """End the snooze; ValidationError if the alert is closed or not snoozed."""
    if alert.snoozed_until is None:
        raise ValidationError(gettext("This alert is not snoozed."))
    return _act(alert, Kind.UNSNOOZED, gettext("Ended manually."), by, snoozed_until=None)


def comment(alert: Alert, *, by: User | None, text: str) -> AlertEvent:
    """Add a comment to the history of an open or closed alert."""
    if not text.strip():
        raise ValidationError(gettext("Enter a comment."), code="required")
    event = AlertEvent(
        alert=alert, kind=Kind.COMMENTED, at=timezone.now(), by=by, reason=text.strip()
    )
    with transaction.atomic():
        record_events([event])
    return event


def note_proposal(alert: Alert, *, text: str, at: datetime, notifies: bool) -> AlertEvent:
    """Add to the history what was proposed because of the alert, or why nothing was."""
    kind = Kind.PROPOSED if notifies else Kind.COMMENTED
    event = _event(alert, kind, at=at, reason=text, notifies=notifies)
    record_events([event])
    return event


def close_as_expected(alert: Alert, *, by: User | None, reason: str) -> AlertEvent:
    """Close an alert although its condition holds.

    It reopens only if the gap grows by a quarter, or after a recovery.
    """
    if not reason.strip():
        raise ValidationError(gettext("Enter a reason for closing the alert."), code="required")
    with in_language_of(None):
        sentence = gettext("As expected: %(reason)s") % {"reason": reason.strip()}
    return _act(
        alert,
        Kind.CLOSED,
        sentence,
        by,
        closed_at=timezone.now(),
        closed_by=by,
        is_expected=True,
        snoozed_until=None,
        notifies=alert.last_notified_at is not None,
    )


@transaction.atomic
def _act(
    alert: Alert,
    kind: str,
    reason: str,
    by: User | None,
    *,
    only: Q = NO_CONDITION,
    notifies: bool = False,
    **changes: object,
) -> AlertEvent:
    """Change an open alert and write its event; ValidationError if it is closed.

    `only` is what else must hold, such as that nobody has acknowledged it.
    """
    # a conditional update: an evaluation or another person may just have closed the alert
    is_changed = Alert.objects.open().filter(only, pk=alert.pk).update(**changes)
    alert.refresh_from_db()
    if not is_changed:
        raise _refusal(alert)
    event = _event(alert, kind, at=timezone.now(), by=by, reason=reason, notifies=notifies)
    record_events([event])
    return event


def _refusal(alert: Alert) -> ValidationError:
    if not alert.is_open:
        return ValidationError(gettext("This alert is already closed."), code="closed")
    name = alert.acknowledged_by or gettext("an API key")
    text = gettext("This alert was already acknowledged by %(name)s.") % {"name": name}
    return ValidationError(text, code="acknowledged")


def _event(
    alert: Alert, kind: str, *, at: datetime, reason: str, notifies: bool, by: User | None = None
) -> AlertEvent:
    """Return an entry of an alert's history with the figures that it has now."""
    return AlertEvent(
        alert=alert,
        kind=kind,
        at=at,
        by=by,
        reason=reason,
        notifies=notifies,
        period_start=alert.last_period_start,
        value=alert.value,
        target=alert.target,
        ci_low=alert.ci_low,
        ci_high=alert.ci_high,
        n=alert.n,
    )
