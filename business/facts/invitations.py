"""Whom learners invited."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q, QuerySet

from business.facts import referrals
from business.models import Invitation
from business.referral_codes import normalize_code
from core import bulk_upsert
from core.external_keys import ids_by_key
from curriculum.models import Learner
from intake.models import Event

COLUMNS = (
    *("sender", "key", "learner_id", "course_id", "sent_at"),
    *("code", "channel", "invitee"),
)


def invite(events: Sequence[Event]) -> None:
    keys = {event.learner for event in events}
    learners = ids_by_key(Learner, keys)
    rows = [_row(event, learners[event.learner]) for event in events]
    bulk_upsert.upsert(Invitation, COLUMNS, sorted(rows, key=repr), conflict="sender, key")
    referrals.learn_codes({str(row[5]) for row in rows} - {""})


def _row(event: Event, learner: int) -> tuple[object, ...]:
    says = event.data
    told = (
        normalize_code(says.get("code") or ""),
        says.get("channel") or "",
        says.get("invitee") or "",
    )
    return (event.sender, event.key, learner, event.course_id, event.occurred_at, *told)


def reset(course_ids: Collection[int] | None) -> None:
    """Delete the invitations to these courses, or (None) to no course."""
    told = Q(course=None) if course_ids is None else Q(course__in=course_ids)
    _forget(Invitation.objects.filter(told))


def forget(ids: Collection[tuple[str, str]]) -> None:
    """Delete the invitations that these events (sender and id) made."""
    senders, keys = {sender for sender, _ in ids}, {key for _, key in ids}
    if ids:
        _forget(Invitation.objects.filter(sender__in=senders, key__in=keys))


def _forget(rows: QuerySet[Invitation]) -> None:
    codes = set(rows.exclude(code="").values_list("code", flat=True))
    rows.delete()
    referrals.learn_codes(codes)
