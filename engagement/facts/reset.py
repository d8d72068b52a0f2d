"""Delete the facts that events made, before the events are replayed."""

from __future__ import annotations

from collections.abc import Iterable

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


def reset_enrollments(ids: Iterable[int]) -> None:
    """Delete the facts that events made of these enrollments; imported facts stay."""
    enrollments = list(ids)
    selected = {"enrollment__in": enrollments}
    affected_days.mark_all_stale(**selected)
    VideoProgress.objects.filter(**selected).delete()
    PlayerEvent.objects.filter(**selected).delete()
    QuizAttempt.objects.filter(import_run=None, **selected).delete()
    AssessmentResult.objects.filter(import_run=None, **selected).delete()
    ModuleProgress.objects.filter(import_run=None, planned__enrollment__in=enrollments).delete()
    DailyActivity.objects.filter(import_run=None, **selected).delete()
    # presence follows from activity: rebuild it from the imported activity that is left
    WeekPresence.objects.filter(**selected).delete()
    imported = DailyActivity.objects.filter(**selected).values_list(
        "enrollment_id", "module_id", "day", "productive"
    )
    activity.add_presence(
        ((enrollment, module, day), productive > 0)
        for enrollment, module, day, productive in imported.iterator()
    )
