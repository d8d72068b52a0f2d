"""Attempted quizzes, and the days on which they count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.changes import Changes
from core.database import bulk_upsert, given_rows, queries
from core.database.compiled_queries import Template, given_ids
from engagement.facts.learning_objects import mark_moved, resolve_objects
from engagement.models import LearningObject, ModuleProgress, QuizAttempt
from intake.event_batch import EventBatch

# ids of an enrollment and a quiz
Pair = tuple[int, int]

PAIRS = {"enrollment_id": int, "quiz_id": int}
# CROSS JOIN: SQLite must begin with the pairs
STORED = """
    SELECT attempt.enrollment_id, attempt.quiz_id, attempt.attempted_at
    FROM {rows} CROSS JOIN engagement_quizattempt attempt
    WHERE attempt.enrollment_id = given.enrollment_id AND attempt.quiz_id = given.quiz_id
"""
ATTEMPTS = Template(
    QuizAttempt.objects.filter(
        enrollment__in=given_ids("enrollments"), quiz__in=given_ids("quizzes")
    )
)


def add_attempts(batch: EventBatch) -> None:
    """Store the first attempt of each enrollment at each quiz."""
    quizzes = resolve_objects(batch, LearningObject.Kind.QUIZ)
    firsts: dict[Pair, datetime] = {}
    for event in batch.events:
        pair, at = (event.enrollment_id or 0, quizzes.of(event).pk), event.occurred_at
        firsts[pair] = min(at, firsts.get(pair, at))
    _write(firsts, batch.changes)
    mark_moved(quizzes.moved, batch.changes)
    changed = (quiz.module_id for quiz in quizzes.changed)
    mark_modules_stale([*changed, *quizzes.previous_modules], batch.changes)


def _write(firsts: Mapping[Pair, datetime], changes: Changes) -> None:
    stored = {
        (enrollment, quiz): queries.moment(at)
        for enrollment, quiz, at in given_rows.select(STORED, PAIRS, firsts)
    }
    new = {pair: at for pair, at in firsts.items() if pair not in stored or at < stored[pair]}
    if not new:
        return
    attempts = ATTEMPTS.given(
        enrollments={enrollment for enrollment, _ in new}, quizzes={quiz for _, quiz in new}
    )
    if not new.keys().isdisjoint(stored):
        changes.changed(attempts)
    bulk_upsert.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at"),
        [(*pair, new[pair]) for pair in sorted(new)],
        conflict="enrollment_id, quiz_id",
        merge={"attempted_at": "smaller"},
    )
    changes.changed(attempts)


def mark_modules_stale(module_ids: Iterable[int | None], changes: Changes) -> None:
    """Mark the days on which any learner reached these modules: their quizzes changed."""
    if ids := {pk for pk in module_ids if pk is not None}:
        reached = ModuleProgress.objects.filter(planned__module__in=ids)
        changes.changed_through(LearningObject, reached)
