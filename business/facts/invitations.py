"""Store invitations."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q, QuerySet

from business.facts import referrals
from business.models import Invitation
from business.referral_codes import normalize_code
from core.database import bulk_upsert
from core.external_keys import ids_by_key
from curriculum.models import Learner
from intake.models import Event

COLUMNS = (
    *("sender", "key", "learner_id", "course_id", "sent_at"),
    *("code", "channel", "invitee"),
)


def add_invitations(events: Sequence[Event]) -> None:
    """Store the invitations, and decide again on referrals by their codes."""
    learners = ids_by_key(Learner, {event.learner for event in events})
    rows = [_row(event, learners[event.learner]) for event in events]
    conflict = "sender, key"  # not translated: SQL
    bulk_upsert.upsert(Invitation, COLUMNS, sorted(rows, key=repr), conflict=conflict)
    referrals.resolve_codes({str(row[5]) for row in rows} - {""})


def _row(event: Event, learner: int) -> tuple[object, ...]:
    data = event.data
    return (
        *(event.sender, event.key, learner, event.course_id, event.occurred_at),
        normalize_code(data.get("code") or ""),
        data.get("channel") or "",
        data.get("invitee") or "",
    )


def delete_of_courses(course_ids: Collection[int] | None) -> None:
    """Delete the invitations to these courses or, for None, those without a course."""
    condition = Q(course=None) if course_ids is None else Q(course__in=course_ids)
    _delete(Invitation.objects.filter(condition))


def delete_of_events(ids: Collection[tuple[str, str]]) -> None:
    """Delete the invitations of these events (sender and id)."""
    senders, keys = {sender for sender, _ in ids}, {key for _, key in ids}
    if ids:
        _delete(Invitation.objects.filter(sender__in=senders, key__in=keys))


def _delete(rows: QuerySet[Invitation]) -> None:
    rows = rows.filter(has_purged_event=False)
    codes = set(rows.exclude(code="").values_list("code", flat=True))
    rows.delete()
    referrals.resolve_codes(codes)
