"""Read all facts that follow from events as plain rows, to compare two runs."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from curriculum.models import Enrollment, Pause, PlannedModule
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ItemResult,
    LearningObject,
    ModuleProgress,
    PlayerEvent,
    QuizAttempt,
    VideoProgress,
    WeekPresence,
)

Table = list[tuple[Any, ...]]

ENROLLMENT = ("enrollment__learner__key", "enrollment__run__key")
COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Enrollment: (
        *("learner__key", "run__key", "enrolled_at", "started_at", "cutoff_at", "due_at"),
        *("withdrawn_at", "completed_at", "completed_by_sender", "is_cancelled"),
        "certificate_track_at",
    ),
    PlannedModule: (*ENROLLMENT, "module__key", "position", "planned_due_at", "due_at"),
    Pause: (*ENROLLMENT, "started_at", "ended_at"),
    DailyActivity: (
        *(*ENROLLMENT, "module__key", "day", "import_run_id"),
        *("interactions", "productive", "content", "quiz"),
    ),
    WeekPresence: (*ENROLLMENT, "module__key", "week", "is_productive"),
    ModuleProgress: (
        *("planned__enrollment__learner__key", "planned__enrollment__run__key"),
        *("planned__module__key", "reached_at", "done_at", "is_waived", "import_run_id"),
    ),
    LearningObject: ("course__key", "kind", "key", "module__key", "duration_seconds", "pass_mark"),
    QuizAttempt: (*ENROLLMENT, "quiz__key", "attempted_at", "import_run_id"),
    AssessmentResult: (
        *(*ENROLLMENT, "assessment__key", "attempt", "graded_at", "score", "import_run_id"),
    ),
    ItemResult: ("result__enrollment__learner__key", "result__assessment__key", "item", "score"),
    PlayerEvent: (*ENROLLMENT, "video__key", "at", "is_playing", "position"),
    VideoProgress: (*ENROLLMENT, "video__key", "started_at", "segments", "watched_seconds"),
}


def facts() -> dict[str, Table]:
    """All rows by the name of their model, without ids, which differ between runs."""
    return {model.__name__: _rows(model, columns) for model, columns in COLUMNS.items()}


def _rows(model: type[Model], columns: tuple[str, ...]) -> Table:
    rows = model._default_manager.values_list(*columns)
    return sorted(rows, key=repr)
