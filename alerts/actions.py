"""What people do with an alert: one verb each, each with its event in the history."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from alerts.evaluation.write_alerts import record_event
from alerts.models import Alert, AlertEvent

Kind = AlertEvent.Kind


def acknowledge(
    alert: Alert, *, by: User | None, owner: User | None = None, note: str = ""
) -> AlertEvent:
    """Say that somebody has it: the owner named, else whoever says so.

    ValidationError when the alert is closed.
    """
    who, now = owner or by, timezone.now()
    why = f"{who} takes it." if who else "Taken."
    return _act(
        alert,
        Kind.ACKNOWLEDGED,
        f"{why} {note}".strip(),
        by,
        acknowledged_at=now,
        acknowledged_by=by,
        owner=who,
        note=note,
    )


def snooze(alert: Alert, *, by: User | None, until: datetime, reason: str) -> AlertEvent:
    """Say nothing of it until a moment; ValidationError for one that is past, or no reason."""
    if until <= timezone.now():
        raise ValidationError("A snooze ends in the future.")
    why = f"Until {timezone.localtime(until):%Y-%m-%d %H:%M}: {_given(reason, 'a snooze')}"
    return _act(alert, Kind.SNOOZED, why, by, snoozed_until=until)


def unsnooze(alert: Alert, *, by: User | None) -> AlertEvent:
    """End the snooze; ValidationError when the alert is closed or not snoozed."""
    if alert.snoozed_until is None:
        raise ValidationError("This alert is not snoozed.")
    return _act(alert, Kind.UNSNOOZED, "Ended by hand.", by, snoozed_until=None)


def comment(alert: Alert, *, by: User | None, text: str) -> AlertEvent:
    """Add a word to the history, of a closed alert too."""
    event = AlertEvent(
        alert=alert, kind=Kind.COMMENTED, at=timezone.now(), by=by, why=_given(text, "a comment")
    )
    with transaction.atomic():
        record_event([event])
    return event


def close_as_expected(alert: Alert, *, by: User | None, reason: str) -> AlertEvent:
    """Close it though it has not recovered.

    It is opened again only when the gap has grown by a quarter, or after a recovery.
    """
    why = f"As expected: {_given(reason, 'closing an alert')}"
    now = timezone.now()
    return _act(
        alert,
        Kind.CLOSED,
        why,
        by,
        closed_at=now,
        closed_by=by,
        is_expected=True,
        snoozed_until=None,
        is_told=alert.last_notified_at is not None,
    )


def _given(text: str, what: str) -> str:
    if not text.strip():
        raise ValidationError(f"Give {what} its words.", code="required")
    return text.strip()


@transaction.atomic
def _act(
    alert: Alert,
    kind: str,
    why: str,
    by: User | None,
    *,
    is_told: bool = False,
    **changes: object,
) -> AlertEvent:
    """Change an open alert and write its event; ValidationError when it is closed."""
    # the conditional update is the claim: the judge, or somebody else, may just have closed it
    if not Alert.objects.open().filter(pk=alert.pk).update(**changes):
        raise ValidationError("This alert is closed already.", code="closed")
    alert.refresh_from_db()
    event = AlertEvent(
        alert=alert,
        kind=kind,
        at=timezone.now(),
        by=by,
        why=why,
        is_told=is_told,
        period_start=alert.last_period_start,
        value=alert.value,
        target=alert.target,
        ci_low=alert.ci_low,
        ci_high=alert.ci_high,
        n=alert.n,
    )
    record_event([event])
    return event
