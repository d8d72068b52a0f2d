"""Mark the days whose business KPIs are affected by changed enrollments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import F
from django.utils import timezone

from business.facts import payments, referrals, subscriptions
from core.changes import Changes
from curriculum.models import Enrollment

KEYS = ("business.enrollment", referrals.REFERRAL)
BATCH_SIZE = 5_000


def mark_start_days_stale(ids: Iterable[int], changes: Changes) -> None:
    """Mark the start days of these enrollments and of the learners' others in the same course.

    Whether an enrollment is a transfer depends on the others.
    """
    for some in _batches(list(ids)):
        changed = Enrollment.objects.filter(pk__in=some).order_by()
        pairs = set(changed.values_list("learner", "run__course"))
        # selected by learner, who has few: by course they would be all enrollments of the course
        others = Enrollment.objects.filter(learner__in={learner for learner, _ in pairs})
        moments = {
            (course, at)
            for learner, course, at in others.order_by().values_list(
                "learner", "run__course", "started_at"
            )
            if (learner, course) in pairs
        }
        for key in KEYS:
            changes.mark_moments_stale(key, moments)


def resolve_referrals(ids: Iterable[int], changes: Changes) -> None:
    """Decide again on the referrals of these enrollments' learners and courses."""
    for some in _batches(list(ids)):
        referred = Enrollment.objects.filter(
            pk__in=some, learner__referrals__course=F("run__course")
        )
        pairs = referred.order_by().values_list("learner_id", "run__course_id")
        referrals.resolve(set(pairs), changes)


def mark_customer_days_stale(ids: Iterable[int], changes: Changes) -> None:
    """Mark the days of these learners as customers, because they may be staff now or no longer."""
    now = timezone.now()
    for some in _batches(list(ids)):
        keys = set(Enrollment.objects.filter(pk__in=some).values_list("learner__key", flat=True))
        payments.mark_customers_stale(keys, changes)
        subscriptions.mark_customers_stale(keys, changes, now=now)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + BATCH_SIZE] for at in range(0, len(ids), BATCH_SIZE))
