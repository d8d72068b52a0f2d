"""Write certificates from the events that they were earned, revoked or expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter

from django.db.models import QuerySet

from core import reporting_clock
from core.changes import Changes
from curriculum import enrolling
from intake.event_batch import EventBatch
from intake.models import Event
from kpis.definitions.periods import local_day
from outcomes.models import Certificate

COMPLETION = "outcome.certification-completion"
EARNED, REVOKED, EXPIRED = "certificate.earned", "certificate.revoked", "certificate.expired"


def record_certificates(batch: EventBatch) -> None:
    """Rewrite the certificates of these events' enrollments from all events about them."""
    ids = {event.enrollment_id for event in batch.events if event.enrollment_id is not None}
    histories: dict[int, list[Event]] = defaultdict(list)
    known = Event.objects.filter(enrollment__in=ids, kind__in=(EARNED, REVOKED, EXPIRED))
    for event in known.order_by("occurred_at", "key", "sender"):
        histories[event.enrollment_id or 0].append(event)
    held = Certificate.objects.filter(enrollment__in=ids)
    batch.changes.changed(held)
    held.delete()
    Certificate.objects.bulk_create(
        [one for pk in sorted(histories) for one in _certificates(pk, histories[pk])],
        batch_size=500,
    )
    enrolling.put_on_certificate_track(
        (
            (pk, event.occurred_at)
            for pk, history in histories.items()
            for event in history
            if event.kind == EARNED
        ),
        by_event=True,
        changes=batch.changes,
    )
    batch.changes.changed(held)


def _certificates(enrollment_id: int, events: Iterable[Event]) -> list[Certificate]:
    """Build the certificates of one enrollment from its events in chronological order.

    Earning a valid certificate again renews it. Events are ignored if they revoke or expire a
    certificate that was not earned yet, or expire one that has been renewed for longer.
    """
    certificates: list[Certificate] = []
    for _, simultaneous in groupby(events, key=attrgetter("occurred_at")):
        for event in _in_order(
            simultaneous, is_held=bool(certificates) and certificates[-1].is_valid
        ):
            _apply(certificates, enrollment_id, event)
    return certificates


def _in_order(events: Iterable[Event], *, is_held: bool) -> list[Event]:
    """Order simultaneous events: a held certificate ends first, otherwise earning comes first."""
    order = (EXPIRED, REVOKED, EARNED) if is_held else (EARNED, EXPIRED, REVOKED)
    return sorted(events, key=lambda event: order.index(event.kind))


def _apply(certificates: list[Certificate], enrollment_id: int, event: Event) -> None:
    if event.kind == EARNED:
        _earn(certificates, enrollment_id, event)
        return
    if not certificates:
        return
    latest = certificates[-1]
    if event.kind == REVOKED and latest.revoked_at is None:
        latest.revoked_at = event.occurred_at
        latest.reason = event.data.get("reason") or ""
    elif event.kind == EXPIRED and _may_expire(latest, event):
        latest.expired_at = event.occurred_at


def _may_expire(certificate: Certificate, event: Event) -> bool:
    day = local_day(event.occurred_at, reporting_clock.reporting_zone())
    return certificate.is_valid and (
        certificate.expires_on is None or day >= certificate.expires_on
    )


def _earn(certificates: list[Certificate], enrollment_id: int, event: Event) -> None:
    if not certificates or not certificates[-1].is_valid:
        certificates.append(Certificate(enrollment_id=enrollment_id, earned_at=event.occurred_at))
    latest = certificates[-1]
    latest.number = event.data.get("number") or latest.number
    if last_day := event.data.get("expires_on"):
        latest.expires_on = date.fromisoformat(last_day)


def reset(course_ids: Iterable[int], changes: Changes) -> None:
    """Delete the certificates of these courses."""
    _reset(Certificate.objects.filter(enrollment__run__course__in=list(course_ids)), changes)


def reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    """Delete the certificates of these enrollments."""
    _reset(Certificate.objects.filter(enrollment__in=list(ids)), changes)


def _reset(rows: QuerySet[Certificate], changes: Changes) -> None:
    changes.changed(rows)
    rows.delete()
