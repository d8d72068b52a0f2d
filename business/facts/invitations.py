"""Store invitations."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from business.facts import referrals
from business.models import Invitation
from core.changes import Changes
from core.database import bulk_upsert
from core.external_keys import ids_by_key
from core.readable_codes import normalize_code
from curriculum.models import Learner
from intake.event_batch import EventBatch
from intake.models import Event

COLUMNS = (
    *("sender", "key", "learner_id", "course_id", "sent_at"),
    *("code", "channel", "invitee"),
)


def add_invitations(batch: EventBatch) -> None:
    """Store the invitations, and decide again on referrals by their codes."""
    learners = ids_by_key(Learner, {event.learner for event in batch.events})
    rows = [_row(event, learners[event.learner]) for event in batch.events]
    conflict = "sender, key"  # not translated: SQL
    bulk_upsert.upsert(Invitation, COLUMNS, sorted(rows, key=repr), conflict=conflict)
    senders, keys = {one.sender for one in batch.events}, {one.key for one in batch.events}
    batch.changes.changed(
        Invitation.objects.filter(sender__in=senders, key__in=keys),
        sent_at=((one.course_id, one.occurred_at) for one in batch.events),
    )
    referrals.resolve_codes({str(row[5]) for row in rows} - {""}, batch.changes)


def _row(event: Event, learner: int) -> tuple[object, ...]:
    data = event.data
    return (
        *(event.sender, event.key, learner, event.course_id, event.occurred_at),
        normalize_code(data.get("code") or ""),
        data.get("channel") or "",
        data.get("invitee") or "",
    )


def delete_of_courses(course_ids: Collection[int] | None, changes: Changes) -> None:
    """Delete the invitations to these courses or, for None, those without a course."""
    condition = Q(course=None) if course_ids is None else Q(course__in=course_ids)
    _delete(Invitation.objects.filter(condition), changes)


def delete_of_events(ids: Collection[tuple[str, str]], changes: Changes) -> None:
    """Delete the invitations of these events (sender and id)."""
    senders, keys = {sender for sender, _ in ids}, {key for _, key in ids}
    if ids:
        _delete(Invitation.objects.filter(sender__in=senders, key__in=keys), changes)


def _delete(rows: QuerySet[Invitation], changes: Changes) -> None:
    rows = rows.filter(has_purged_event=False)
    codes = set(rows.exclude(code="").values_list("code", flat=True))
    changes.changed(rows)
    rows.delete()
    referrals.resolve_codes(codes, changes)
