"""Certificates, told from beginning to end by what was earned, revoked and expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from curriculum.models import Enrollment
from intake.models import Event
from kpis import marks
from outcomes.models import Certificate

COMPLETION = "outcome.certification-completion"
EARNED, REVOKED, EXPIRED = "certificate.earned", "certificate.revoked", "certificate.expired"


def tell(events: Sequence[Event]) -> None:
    """Tell the certificates of these events' enrolments again, from all that is known of them."""
    ids = {event.enrollment_id for event in events if event.enrollment_id is not None}
    stories: dict[int, list[Event]] = defaultdict(list)
    known = Event.objects.filter(enrollment__in=ids, kind__in=(EARNED, REVOKED, EXPIRED))
    for event in known.order_by("occurred_at", "kind", "key", "sender"):
        stories[event.enrollment_id or 0].append(event)
    Certificate.objects.filter(enrollment__in=ids).delete()
    told = [one for pk in sorted(stories) for one in _story(pk, stories[pk])]
    Certificate.objects.bulk_create(told, batch_size=500)
    _put_on_track({one.enrollment_id for one in told})
    mark_enrollments(ids)


def _story(enrollment_id: int, events: Iterable[Event]) -> list[Certificate]:
    """The certificates of one enrolment, from its events in their order.

    To earn one again while it stands renews it. What is revoked or expires before it was earned
    changes nothing.
    """
    told: list[Certificate] = []
    for event in events:
        if event.kind == EARNED:
            _earn(told, enrollment_id, event)
        elif told and event.kind == REVOKED and told[-1].revoked_at is None:
            told[-1].revoked_at = event.occurred_at
            told[-1].reason = event.data.get("reason") or ""
        elif told and event.kind == EXPIRED and told[-1].is_standing:
            told[-1].expired_at = event.occurred_at
    return told


def _earn(told: list[Certificate], enrollment_id: int, event: Event) -> None:
    if not told or not told[-1].is_standing:
        told.append(Certificate(enrollment_id=enrollment_id, earned_at=event.occurred_at))
    one = told[-1]
    one.number = event.data.get("number") or one.number
    one.expires_on = _day(event.data.get("expires_on")) or one.expires_on


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None


def _put_on_track(ids: Collection[int]) -> None:
    others = Enrollment.objects.filter(pk__in=ids, is_certificate_track=False)
    others.update(is_certificate_track=True)


def mark_enrollments(ids: Iterable[int]) -> None:
    """These enrolments count differently on the day on which they fall due."""
    due = Enrollment.objects.filter(pk__in=list(ids), due_at__isnull=False).order_by()
    marks.mark(COMPLETION, due.values_list("run__course_id", "due_at").distinct())


def reset(course_ids: Iterable[int]) -> None:
    """Delete what events told of these courses."""
    _reset(Certificate.objects.filter(enrollment__run__course__in=list(course_ids)))


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete what events said of these enrollments."""
    _reset(Certificate.objects.filter(enrollment__in=list(ids)))


def _reset(rows: QuerySet[Certificate]) -> None:
    mark_enrollments(set(rows.order_by().values_list("enrollment_id", flat=True)))
    rows.delete()
