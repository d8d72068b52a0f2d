"""Which enrollment of a learner in a course an event belongs to: the one begun last before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from curriculum.models import EnrollmentStatusChange


@dataclass(frozen=True)
class EnrollmentRef:
    """An enrollment and one moment at which it began."""

    pk: int
    run_id: int
    started_at: datetime


def enrollment_starts(**lookups: Any) -> Iterator[tuple[tuple[int, int], EnrollmentRef]]:
    """Enrollments by learner and course (ids), the earliest first; lookups are on moments."""
    rows = EnrollmentStatusChange.objects.filter(
        kind=EnrollmentStatusChange.Kind.STARTED, **lookups
    )
    for learner, course, pk, run, at in rows.order_by("at", "enrollment__run__key").values_list(
        "enrollment__learner_id",
        "enrollment__run__course_id",
        "enrollment_id",
        "enrollment__run_id",
        "at",
    ):
        yield (learner, course), EnrollmentRef(pk, run, at)


def enrollment_at(starts: Sequence[EnrollmentRef], moment: datetime) -> EnrollmentRef | None:
    """The last of these starts (in their order) before the moment; None before all of them.

    Where all come after it, the first is meant if clocks may differ by as much.
    """
    begun = [one for one in starts if one.started_at <= moment]
    if begun:
        return begun[-1]
    tolerance = timedelta(minutes=settings.KPI_ENROLLMENT_TOLERANCE_MINUTES)
    return next((one for one in starts if one.started_at <= moment + tolerance), None)
