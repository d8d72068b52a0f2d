"""Delete the facts that events made, before the events are replayed."""

from __future__ import annotations

from collections.abc import Iterable

from core.changes import Changes
from engagement.facts import activity
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


def reset_enrollments(ids: Iterable[int], changes: Changes) -> None:
    """Delete the facts that events made of these enrollments; imported facts stay."""
    enrollments = list(ids)
    selected = {"enrollment__in": enrollments}
    PlayerEvent.objects.filter(**selected).delete()
    weeks = WeekPresence.objects.filter(**selected)
    of_events = (
        VideoProgress.objects.filter(**selected),
        QuizAttempt.objects.filter(import_run=None, **selected),
        AssessmentResult.objects.filter(import_run=None, **selected),
        ModuleProgress.objects.filter(import_run=None, planned__enrollment__in=enrollments),
        DailyActivity.objects.filter(import_run=None, **selected),
        weeks,
    )
    for rows in of_events:
        changes.changed(rows)
    for rows in of_events:
        rows.delete()
    ActivityMoments.objects.filter(**selected).delete()
    # presence follows from activity: rebuild it from the imported activity that is left
    imported = DailyActivity.objects.filter(**selected).values_list(
        "enrollment_id", "module_id", "day", "productive"
    )
    activity.add_presence(
        ((enrollment, module, day), productive > 0)
        for enrollment, module, day, productive in imported.iterator()
    )
