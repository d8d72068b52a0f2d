"""Find the enrollment that an event belongs to: the last one that began before the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from curriculum.models import EnrollmentMoment


@dataclass(frozen=True)
class EnrollmentRef:
    """An enrollment and one moment at which it began."""

    pk: int
    run_id: int
    started_at: datetime


def enrollment_starts(**lookups: Any) -> Iterator[tuple[tuple[int, int], EnrollmentRef]]:
    """Yield ((learner id, course id), start) pairs, earliest first; lookups are on moments."""
    rows = EnrollmentMoment.objects.filter(what=EnrollmentMoment.What.STARTED, **lookups)
    for learner, course, pk, run, at in rows.order_by("at", "enrollment__run__key").values_list(
        "enrollment__learner_id",
        "enrollment__run__course_id",
        "enrollment_id",
        "enrollment__run_id",
        "at",
    ):
        yield (learner, course), EnrollmentRef(pk, run, at)


def enrollment_at(starts: Sequence[EnrollmentRef], moment: datetime) -> EnrollmentRef | None:
    """Return the last of these ordered starts before the moment; None if all are later.

    If all are later, the first one still matches within KPI_ENROLLMENT_TOLERANCE_MINUTES,
    because clocks differ.
    """
    begun = [one for one in starts if one.started_at <= moment]
    if begun:
        return begun[-1]
    tolerance = timedelta(minutes=settings.KPI_ENROLLMENT_TOLERANCE_MINUTES)
    return next((one for one in starts if one.started_at <= moment + tolerance), None)
