"""Delete the facts that events made, before the events are replayed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.changes import Changes
from engagement.facts import activity, affected_days
from engagement.models import (
    ActivityMoments,
    AssessmentResult,
    DailyActivity,
    ModuleProgress,
    PlayerEvent,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)


def reset_courses(course_ids: Iterable[int], changes: Changes) -> None:
    """Delete the facts that events made in these courses; imported facts stay."""
    _reset("enrollment__run__course__in", list(course_ids), changes)


def reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    """Delete the facts that events made of these enrollments; imported facts stay."""
    _reset("enrollment__in", list(ids), changes)


def _reset(lookup: str, ids: Collection[int], changes: Changes) -> None:
    selected = {lookup: ids}
    affected_days.mark_all_stale(changes, **selected)
    VideoProgress.objects.filter(**selected).delete()
    PlayerEvent.objects.filter(**selected).delete()
    QuizAttempt.objects.filter(import_run=None, **selected).delete()
    AssessmentResult.objects.filter(import_run=None, **selected).delete()
    ModuleProgress.objects.filter(import_run=None, **{f"planned__{lookup}": ids}).delete()
    DailyActivity.objects.filter(import_run=None, **selected).delete()
    ActivityMoments.objects.filter(**selected).delete()
    # presence follows from activity: rebuild it from the imported activity that is left
    WeekPresence.objects.filter(**selected).delete()
    imported = DailyActivity.objects.filter(**selected).values_list(
        "enrollment_id", "module_id", "day", "productive"
    )
    activity.add_presence(
        ((enrollment, module, day), productive > 0)
        for enrollment, module, day, productive in imported.iterator()
    )
