"""Select the learners that a wave invites and reminds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import EmailField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from curriculum.models import Enrollment
from outcomes.models import Invitation, Wave


def audience(wave: Wave, now: datetime) -> QuerySet[Enrollment]:
    """The enrollments that a wave surveys: active ones, or those completed a certain time ago."""
    rows = Enrollment.objects.counted().filter(_in_scope_of(wave))
    if wave.days_after_completion is None:
        return rows.filter(started_at__lte=now, withdrawn_at=None)
    days = timedelta(days=wave.days_after_completion)
    return rows.filter(
        completed_at__gte=wave.completed_from,
        completed_at__lt=wave.completed_before,
        completed_at__lte=now - days,
    ).filter(
        # a new survey skips learners whose day for the survey was before it was created
        completed_at__gte=wave.survey.created_at - days
    )


def _in_scope_of(wave: Wave) -> Q:
    course = wave.course_id or wave.survey.course_id
    if wave.run_id is not None:
        return Q(run=wave.run_id)
    return Q() if course is None else Q(run__course=course)


def address(enrollment: str = "") -> Coalesce:
    """The learner's e-mail address, otherwise the one of their account; null if there is none."""
    learner = f"{enrollment}__learner" if enrollment else "learner"
    own = NullIf(f"{learner}__email", Value(""))
    return Coalesce(own, f"{learner}__user__email", output_field=EmailField())


def unreachable(wave: Wave, now: datetime) -> QuerySet[Enrollment]:
    """The part of the audience that has no e-mail address."""
    rows: QuerySet[Any] = audience(wave, now).annotate(address=address())
    return rows.filter(address=None)


def to_invite(wave: Wave, now: datetime) -> QuerySet[Any]:
    """The enrollments with an `address` that have no invitation yet, and none is being sent."""
    invitations = Invitation.objects.filter(wave=wave, enrollment=OuterRef("pk"))
    rows: QuerySet[Any] = audience(wave, now).annotate(address=address())
    rows = rows.filter(
        ~Exists(invitations) | Exists(invitations.unsent(now)), address__isnull=False
    )
    return rows.select_related("learner__user", "run__course").order_by("pk")


def to_remind(wave: Wave, now: datetime) -> QuerySet[Any]:
    """The invitations that we sent and that were neither answered nor dismissed."""
    if wave.reminder_days is None:
        return Invitation.objects.none()
    rows: QuerySet[Any] = (
        Invitation.objects.unanswered()
        .filter(
            wave=wave,
            claimed_at__isnull=False,
            sent_at__lte=now - timedelta(days=wave.reminder_days),
            reminded_at=None,
            dismissed_at=None,
            enrollment__in=audience(wave, now),
        )
        .annotate(address=address("enrollment"))
    )
    found = rows.filter(address__isnull=False)
    return found.select_related("enrollment__learner__user", "enrollment__run__course").order_by(
        "pk"
    )
