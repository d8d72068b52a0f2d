"""Find the enrollment that an event belongs to: the last one that began before the event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from core.database.queries import moment, select
from curriculum import enrollment_timeline

# ids of a learner and a course
Pair = tuple[int, int]


class EnrollmentRef(NamedTuple):
    """An enrollment and one moment at which it began."""

    pk: int
    run_id: int
    started_at: datetime


# CROSS JOIN: SQLite must begin with the few learners, and not with all enrollments of a course
STARTS = """
SELECT enrollment.learner_id, run.course_id, enrollment.id, run.id, start.at, start.kind
FROM curriculum_enrollment AS enrollment
CROSS JOIN curriculum_courserun AS run
CROSS JOIN curriculum_enrollmentstatuschange AS start
WHERE enrollment.learner_id IN %s AND run.id = enrollment.run_id
AND start.enrollment_id = enrollment.id AND start.kind IN ('started', 'presumed')
ORDER BY start.at, run.key
"""


def enrollment_starts(learner_ids: Collection[int]) -> dict[Pair, list[EnrollmentRef]]:
    """Return when the enrollments of learners began, earliest first, by learner and course.

    A presumed start counts only before all others of its enrollment.
    """
    found: dict[Pair, list[EnrollmentRef]] = defaultdict(list)
    begun: set[int] = set()
    for learner, course, pk, run, at, kind in select(STARTS, learner_ids) if learner_ids else ():
        if kind != enrollment_timeline.PRESUMED or pk not in begun:
            found[learner, course].append(EnrollmentRef(pk, run, moment(at)))
        begun.add(pk)
    return found


def enrollment_at(starts: Sequence[EnrollmentRef], at: datetime) -> EnrollmentRef | None:
    """Return the last of these ordered starts before the moment; None if all are later.

    If all are later, the first one still matches within KPI_ENROLLMENT_TOLERANCE_MINUTES,
    because clocks differ.
    """
    for one in reversed(starts):
        if one.started_at <= at:
            return one
    tolerance = timedelta(minutes=settings.KPI_ENROLLMENT_TOLERANCE_MINUTES)
    return next((one for one in starts if one.started_at <= at + tolerance), None)
