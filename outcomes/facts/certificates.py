"""Write certificates from the events that they were earned, revoked or expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter

from django.db.models import QuerySet

from core import reporting_clock
from curriculum import enrolling
from curriculum.models import Enrollment
from intake.models import Event
from kpis.definitions.periods import local_day
from kpis.recompute import stale_days
from outcomes.models import Certificate

COMPLETION = "outcome.certification-completion"
EARNED, REVOKED, EXPIRED = "certificate.earned", "certificate.revoked", "certificate.expired"


def record_certificates(events: Sequence[Event]) -> None:
    """Rewrite the certificates of these events' enrollments from all events about them."""
    ids = {event.enrollment_id for event in events if event.enrollment_id is not None}
    histories: dict[int, list[Event]] = defaultdict(list)
    known = Event.objects.filter(enrollment__in=ids, kind__in=(EARNED, REVOKED, EXPIRED))
    for event in known.order_by("occurred_at", "key", "sender"):
        histories[event.enrollment_id or 0].append(event)
    Certificate.objects.filter(enrollment__in=ids).delete()
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
    )
    mark_enrollments_stale(ids)


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


def mark_enrollments_stale(ids: Iterable[int]) -> None:
    """Mark the days on which these enrollments fall due as stale."""
    due = Enrollment.objects.filter(pk__in=list(ids), due_at__isnull=False).order_by()
    stale_days.mark_moments_stale(
        COMPLETION, due.values_list("run__course_id", "due_at").distinct()
    )


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete the certificates of these enrollments."""
    _reset(Certificate.objects.filter(enrollment__in=list(ids)))


def _reset(rows: QuerySet[Certificate]) -> None:
    mark_enrollments_stale(set(rows.order_by().values_list("enrollment_id", flat=True)))
    rows.delete()
