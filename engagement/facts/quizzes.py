"""Attempted quizzes, and the days on which they count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from core.changes import Changes
from core.database import bulk_upsert
from engagement.facts import affected_days
from engagement.facts.learning_objects import resolve_objects
from engagement.models import LearningObject, ModuleProgress, QuizAttempt
from intake.event_batch import EventBatch
from intake.models import Event


def add_attempts(batch: EventBatch) -> None:
    """Store the first attempt of each enrollment at each quiz."""
    quizzes = resolve_objects(batch.events, LearningObject.Kind.QUIZ)
    rows: dict[tuple[int, int], Event] = {}
    for event in sorted(batch.events, key=lambda one: one.occurred_at):
        rows.setdefault((event.enrollment_id or 0, quizzes.of(event).pk), event)
    bulk_upsert.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at"),
        [(*pair, rows[pair].occurred_at) for pair in sorted(rows)],
        conflict="enrollment_id, quiz_id",
        merge={"attempted_at": "smaller"},
    )
    changed = (quiz.module_id for quiz in quizzes.changed)
    mark_modules_stale([*changed, *quizzes.previous_modules], batch.changes)


def mark_attempts_stale(batch: EventBatch) -> None:
    """Mark the days on which these attempts count: those on which the module was reached."""
    modules = LearningObject.objects.filter(
        kind=LearningObject.Kind.QUIZ,
        key__in={event.object for event in batch.events},
        course__in={event.course_id for event in batch.events},
    ).values("module")
    enrollments = {event.enrollment_id for event in batch.events}
    _mark_reached_stale(Q(planned__enrollment__in=enrollments), modules, batch.changes)


def mark_modules_stale(module_ids: Iterable[int | None], changes: Changes) -> None:
    """Mark the days on which any learner reached these modules: their quizzes changed."""
    if ids := {pk for pk in module_ids if pk is not None}:
        _mark_reached_stale(Q(), ids, changes)


def _mark_reached_stale(whose: Q, modules: Any, changes: Changes) -> None:
    reached = ModuleProgress.objects.filter(whose, planned__module__in=modules)
    days = affected_days.with_local_day(reached, "reached_at").order_by()
    affected_days.mark_days_stale(
        changes, days.values_list("planned__module__course_id", "local_day").distinct()
    )
