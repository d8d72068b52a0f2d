"""What a removal would delete, and what it would keep, in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import ApiKey
from curriculum.models import Course, Learner
from demo import real_data
from demo.status import SENDER
from intake.models import Receipt
from kpis.models import Target


@dataclass(frozen=True)
class Preview:
    """Courses are listed, everything else is counted."""

    courses: Sequence[Course]
    kept_courses: Sequence[Course]
    # demonstration courses that hold real learners or events
    shared_courses: Sequence[Course]
    learners: int
    kept_learners: int
    events: int
    kept_events: int
    accounts: Sequence[str]
    kept_accounts: int
    kept_keys: int
    kept_targets: int
    has_own_superuser: bool


def preview() -> Preview:
    made_up = real_data.made_up_learners()
    courses = list(real_data.unused_courses(made_up))
    gone = [one.pk for one in courses]
    kept = list(Course.objects.exclude(pk__in=gone))
    learners = made_up.count()
    return Preview(
        courses=courses,
        kept_courses=kept,
        shared_courses=[one for one in kept if one.key in real_data.COURSE_KEYS],
        learners=learners,
        kept_learners=Learner.objects.count() - learners,
        events=Receipt.objects.filter(sender=SENDER.name).count(),
        kept_events=Receipt.objects.filter(real_data.own_receipts()).count(),
        accounts=list(real_data.demonstration_accounts().values_list("email", flat=True)),
        kept_accounts=real_data.own_accounts().count(),
        kept_keys=ApiKey.objects.filter(revoked_at=None).count(),
        kept_targets=_own_targets().filter(Q(course=None) | ~Q(course__in=gone)).count(),
        has_own_superuser=real_data.own_superusers().exists(),
    )


def _own_targets() -> QuerySet[Target]:
    """Targets that somebody has set; those that ship have no author."""
    by_people = Target.objects.filter(set_by__isnull=False)
    return by_people.exclude(set_by__email__in=real_data.ADDRESSES)
