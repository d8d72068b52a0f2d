"""Delete what events made, so that they can make it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engagement.facts import activity, affected_days
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ModuleProgress,
    PlayerEvent,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)


def reset(course_ids: Iterable[int]) -> None:
    """Delete the facts that events made in these courses; imported ones stay.

    Presence is a function of activity, so what imports leave of it is made again at once.
    """
    _reset("enrollment__run__course__in", list(course_ids))


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete the facts that events made of these enrollments; imported ones stay."""
    _reset("enrollment__in", list(ids))


def _reset(lookup: str, ids: Collection[int]) -> None:
    mine = {lookup: ids}
    affected_days.mark_affected(**mine)
    VideoProgress.objects.filter(**mine).delete()
    PlayerEvent.objects.filter(**mine).delete()
    QuizAttempt.objects.filter(import_run=None, **mine).delete()
    AssessmentResult.objects.filter(import_run=None, **mine).delete()
    ModuleProgress.objects.filter(import_run=None, **{f"planned__{lookup}": ids}).delete()
    DailyActivity.objects.filter(import_run=None, **mine).delete()
    WeekPresence.objects.filter(**mine).delete()
    left = DailyActivity.objects.filter(**mine).values_list(
        "enrollment_id", "module_id", "day", "productive"
    )
    activity.be_present(((e, m, day), productive > 0) for e, m, day, productive in left.iterator())
