"""Delete what events made, so that they can make it again."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from engagement.facts import activity, touched
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ModuleProgress,
    QuizAttempt,
    VideoMark,
    VideoProgress,
    WeekPresence,
)


def reset(course_ids: Iterable[int]) -> None:
    """Delete the facts that events made in these courses; imported ones stay.

    Presence is a function of activity, so what imports leave of it is made again at once.
    """
    ids = list(course_ids)
    mine = Q(enrollment__run__course__in=ids)
    touched.mark(enrollment__run__course__in=ids)
    VideoProgress.objects.filter(mine).delete()
    VideoMark.objects.filter(mine).delete()
    QuizAttempt.objects.filter(mine, import_run=None).delete()
    AssessmentResult.objects.filter(mine, import_run=None).delete()
    ModuleProgress.objects.filter(
        planned__enrollment__run__course__in=ids, import_run=None
    ).delete()
    DailyActivity.objects.filter(mine, import_run=None).delete()
    WeekPresence.objects.filter(mine).delete()
    left = DailyActivity.objects.filter(mine).values_list(
        "enrollment_id", "module_id", "day", "productive"
    )
    activity.be_present(((e, m, day), productive > 0) for e, m, day, productive in left.iterator())
