"""Write certificates from the events that they were earned, revoked or expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db.models import QuerySet

from core import reporting_clock
from core.changes import Changes
from core.database import bulk_upsert
from curriculum import enrolling
from intake.event_batch import EventBatch
from intake.models import Event
from kpis.definitions.periods import local_day
from outcomes.models import Certificate, CertificateChange, CertificateCode

COMPLETION = "outcome.certification-completion"
EARNED, REVOKED, EXPIRED = CertificateChange.Change
DETAILS = ("at", "number", "expires_on", "reason")


def record_certificates(batch: EventBatch) -> None:
    """Store what these events report, and rewrite the certificates of their enrollments."""
    _store(batch.events)
    ids = {event.enrollment_id for event in batch.events if event.enrollment_id is not None}
    histories: dict[int, list[CertificateChange]] = defaultdict(list)
    for one in CertificateChange.objects.filter(enrollment__in=ids).order_by("at", "key", "sender"):
        histories[one.enrollment_id].append(one)
    held = Certificate.objects.filter(enrollment__in=ids)
    batch.changes.changed(held)
    held.delete()
    certificates = [one for pk in sorted(histories) for one in _certificates(pk, histories[pk])]
    Certificate.objects.bulk_create(certificates, batch_size=500)
    _give_codes({one.enrollment_id for one in certificates})
    enrolling.put_on_certificate_track(
        (
            (pk, one.at)
            for pk, history in histories.items()
            for one in history
            if one.change == EARNED
        ),
        by_event=True,
        changes=batch.changes,
    )
    batch.changes.changed(held)


def _give_codes(enrollments: Iterable[int]) -> None:
    """Give each enrollment with a certificate its public code, unless it has one."""
    CertificateCode.objects.bulk_create(
        (CertificateCode(enrollment_id=pk) for pk in sorted(enrollments)),
        batch_size=500,
        ignore_conflicts=True,
    )


def _store(events: Sequence[Event]) -> None:
    bulk_upsert.upsert(
        CertificateChange,
        ("enrollment_id", "sender", "key", "change", *DETAILS),
        [
            (
                event.enrollment_id,
                event.sender,
                event.key,
                event.kind.rpartition(".")[2],
                event.occurred_at,
                event.data.get("number") or "",
                event.data.get("expires_on"),
                event.data.get("reason") or "",
            )
            for event in events
        ],
        conflict="enrollment_id, sender, key, change",  # not translated: SQL
        merge=dict.fromkeys(DETAILS, "replace"),
    )


def _certificates(enrollment_id: int, history: Iterable[CertificateChange]) -> list[Certificate]:
    """Build the certificates of one enrollment from the changes in chronological order.

    Earning a valid certificate again renews it. Changes are ignored if they revoke or expire a
    certificate that was not earned yet, or expire one that has been renewed for longer.
    """
    certificates: list[Certificate] = []
    for _, simultaneous in groupby(history, key=attrgetter("at")):
        for one in _in_order(
            simultaneous, is_held=bool(certificates) and certificates[-1].is_valid
        ):
            _apply(certificates, enrollment_id, one)
    return certificates


def _in_order(history: Iterable[CertificateChange], *, is_held: bool) -> list[CertificateChange]:
    """Order simultaneous changes: a held certificate ends first, otherwise earning comes first."""
    order = (EXPIRED, REVOKED, EARNED) if is_held else (EARNED, EXPIRED, REVOKED)
    return sorted(history, key=lambda one: order.index(CertificateChange.Change(one.change)))


def _apply(certificates: list[Certificate], enrollment_id: int, change: CertificateChange) -> None:
    if change.change == EARNED:
        _earn(certificates, enrollment_id, change)
        return
    if not certificates:
        return
    latest = certificates[-1]
    if change.change == REVOKED and latest.revoked_at is None:
        latest.revoked_at = change.at
        latest.reason = change.reason
    elif change.change == EXPIRED and _may_expire(latest, change.at):
        latest.expired_at = change.at


def _may_expire(certificate: Certificate, at: datetime) -> bool:
    day = local_day(at, reporting_clock.reporting_zone())
    return certificate.is_valid and (
        certificate.expires_on is None or day >= certificate.expires_on
    )


def _earn(certificates: list[Certificate], enrollment_id: int, earned: CertificateChange) -> None:
    if not certificates or not certificates[-1].is_valid:
        certificates.append(Certificate(enrollment_id=enrollment_id, earned_at=earned.at))
    latest = certificates[-1]
    latest.number = earned.number or latest.number
    latest.expires_on = earned.expires_on or latest.expires_on


def reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    """Delete the certificates of these enrollments, and what was reported of them."""
    enrollments = list(ids)
    _reset(Certificate.objects.filter(enrollment__in=enrollments), changes)
    CertificateChange.objects.filter(enrollment__in=enrollments).delete()


def _reset(rows: QuerySet[Certificate], changes: Changes) -> None:
    changes.changed(rows)
    rows.delete()
