"""Certificates, told from beginning to end by what was earned, revoked and expired."""

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


def record(events: Sequence[Event]) -> None:
    """Tell the certificates of these events' enrolments again, from all that is known of them."""
    ids = {event.enrollment_id for event in events if event.enrollment_id is not None}
    stories: dict[int, list[Event]] = defaultdict(list)
    known = Event.objects.filter(enrollment__in=ids, kind__in=(EARNED, REVOKED, EXPIRED))
    for event in known.order_by("occurred_at", "key", "sender"):
        stories[event.enrollment_id or 0].append(event)
    Certificate.objects.filter(enrollment__in=ids).delete()
    told = [one for pk in sorted(stories) for one in _story(pk, stories[pk])]
    Certificate.objects.bulk_create(told, batch_size=500)
    enrolling.put_on_certificate_track(
        (
            (pk, event.occurred_at)
            for pk, story in stories.items()
            for event in story
            if event.kind == EARNED
        ),
        by_event=True,
    )
    mark_enrollments(ids)


def _story(enrollment_id: int, events: Iterable[Event]) -> list[Certificate]:
    """The certificates of one enrolment, from its events in their order.

    To earn one again while it stands renews it. What is revoked or expires before it was earned
    changes nothing, nor does the expiry of what has been renewed for longer.
    """
    told: list[Certificate] = []
    for _, at_once in groupby(events, key=attrgetter("occurred_at")):
        for event in _in_order(at_once, is_held=bool(told) and told[-1].is_standing):
            _follow(told, enrollment_id, event)
    return told


def _in_order(events: Iterable[Event], *, is_held: bool) -> list[Event]:
    """Events of one moment: what is held ends before another is earned, else it ends after."""
    order = (EXPIRED, REVOKED, EARNED) if is_held else (EARNED, EXPIRED, REVOKED)
    return sorted(events, key=lambda event: order.index(event.kind))


def _follow(told: list[Certificate], enrollment_id: int, event: Event) -> None:
    if event.kind == EARNED:
        _earn(told, enrollment_id, event)
    elif told and event.kind == REVOKED and told[-1].revoked_at is None:
        told[-1].revoked_at = event.occurred_at
        told[-1].reason = event.data.get("reason") or ""
    elif told and event.kind == EXPIRED and _may_expire(told[-1], event):
        told[-1].expired_at = event.occurred_at


def _may_expire(one: Certificate, event: Event) -> bool:
    day = local_day(event.occurred_at, reporting_clock.reporting_zone())
    return one.is_standing and (one.expires_on is None or day >= one.expires_on)


def _earn(told: list[Certificate], enrollment_id: int, event: Event) -> None:
    if not told or not told[-1].is_standing:
        told.append(Certificate(enrollment_id=enrollment_id, earned_at=event.occurred_at))
    one = told[-1]
    one.number = event.data.get("number") or one.number
    if until := event.data.get("expires_on"):
        one.expires_on = date.fromisoformat(until)


def mark_enrollments(ids: Iterable[int]) -> None:
    """These enrolments count differently on the day on which they fall due."""
    due = Enrollment.objects.filter(pk__in=list(ids), due_at__isnull=False).order_by()
    stale_days.mark_moments_stale(
        COMPLETION, due.values_list("run__course_id", "due_at").distinct()
    )


def reset(course_ids: Iterable[int]) -> None:
    """Delete what events told of these courses."""
    _reset(Certificate.objects.filter(enrollment__run__course__in=list(course_ids)))


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete what events said of these enrollments."""
    _reset(Certificate.objects.filter(enrollment__in=list(ids)))


def _reset(rows: QuerySet[Certificate]) -> None:
    mark_enrollments(set(rows.order_by().values_list("enrollment_id", flat=True)))
    rows.delete()
