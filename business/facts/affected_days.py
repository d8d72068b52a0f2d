"""Enrolments are the curriculum's; here is which days of them count differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import F
from django.utils import timezone

from business.facts import payments, referrals, subscriptions
from curriculum.models import Enrollment
from kpis.recompute import stale_days

KEYS = ("business.enrollment", referrals.REFERRAL)
AT_ONCE = 5_000


def mark_affected(ids: Iterable[int]) -> None:
    """Mark the days on which these enrolments started, and the learners' others in the course.

    Whether one is a transfer depends on the others.
    """
    for some in _chunks(list(ids)):
        changed = Enrollment.objects.filter(pk__in=some).order_by()
        places = set(changed.values_list("learner", "run__course"))
        # by the learner, who has few: by the course one would come to all that are in it
        theirs = Enrollment.objects.filter(learner__in={learner for learner, _ in places})
        moments = {
            (course, at)
            for learner, course, at in theirs.order_by().values_list(
                "learner", "run__course", "started_at"
            )
            if (learner, course) in places
        }
        for key in KEYS:
            stale_days.mark_moments_stale(key, moments)


def settle_referrals(ids: Iterable[int]) -> None:
    """Claims that waited for one of these enrolments may stand now."""
    for some in _chunks(list(ids)):
        claimed = Enrollment.objects.filter(
            pk__in=some, learner__referrals__course=F("run__course")
        )
        pairs = claimed.order_by().values_list("learner_id", "run__course_id")
        referrals.settle(set(pairs))


def mark_customers(ids: Iterable[int]) -> None:
    """The learners of these enrolments may have become, or ceased to be, staff."""
    now = timezone.now()
    for some in _chunks(list(ids)):
        keys = set(Enrollment.objects.filter(pk__in=some).values_list("learner__key", flat=True))
        payments.mark_customers(keys)
        subscriptions.mark_customers(keys, now=now)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))
