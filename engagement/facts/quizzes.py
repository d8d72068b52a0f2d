"""Attempted quizzes, and the days on which they count."""

from __future__ import annotations

from collections.abc import Iterable

from core.changes import Changes
from core.database import bulk_upsert
from engagement.facts.learning_objects import mark_moved, resolve_objects
from engagement.models import LearningObject, ModuleProgress, QuizAttempt
from intake.event_batch import EventBatch
from intake.models import Event


def add_attempts(batch: EventBatch) -> None:
    """Store the first attempt of each enrollment at each quiz."""
    quizzes = resolve_objects(batch.events, LearningObject.Kind.QUIZ)
    rows: dict[tuple[int, int], Event] = {}
    for event in sorted(batch.events, key=lambda one: one.occurred_at):
        rows.setdefault((event.enrollment_id or 0, quizzes.of(event).pk), event)
    attempts = QuizAttempt.objects.filter(
        enrollment__in={pair[0] for pair in rows}, quiz__in={pair[1] for pair in rows}
    )
    batch.changes.changed(attempts)
    bulk_upsert.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at"),
        [(*pair, rows[pair].occurred_at) for pair in sorted(rows)],
        conflict="enrollment_id, quiz_id",
        merge={"attempted_at": "smaller"},
    )
    batch.changes.changed(attempts)
    mark_moved(quizzes.moved, batch.changes)
    changed = (quiz.module_id for quiz in quizzes.changed)
    mark_modules_stale([*changed, *quizzes.previous_modules], batch.changes)


def mark_modules_stale(module_ids: Iterable[int | None], changes: Changes) -> None:
    """Mark the days on which any learner reached these modules: their quizzes changed."""
    if ids := {pk for pk in module_ids if pk is not None}:
        reached = ModuleProgress.objects.filter(planned__module__in=ids)
        changes.changed_through(LearningObject, reached)
