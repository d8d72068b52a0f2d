"""Who tried which quiz."""

from __future__ import annotations

from collections.abc import Sequence

from curriculum import bulk
from engagement.facts import marking
from engagement.facts.objects import objects_of
from engagement.models import LearningObject, ModuleProgress, QuizAttempt
from intake.models import Event


def attempt(events: Sequence[Event]) -> None:
    """Note that these quizzes were tried; of two attempts the earlier date stands."""
    quizzes = objects_of(events, LearningObject.Kind.QUIZ)
    rows: dict[tuple[int, int], tuple[Event, LearningObject]] = {}
    for event in sorted(events, key=lambda one: one.occurred_at):
        quiz = quizzes[event.course_id or 0, event.object]
        rows.setdefault((event.enrollment_id or 0, quiz.pk), (event, quiz))
    bulk.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at"),
        [(*pair, rows[pair][0].occurred_at) for pair in sorted(rows)],
        conflict="enrollment_id, quiz_id",
        merge={"attempted_at": "smaller"},
    )


def mark_reached(events: Sequence[Event]) -> None:
    """A quiz counts on the day its module was reached; that day counts differently now."""
    reached = ModuleProgress.objects.filter(
        planned__enrollment__in={event.enrollment_id for event in events},
        planned__module__in={event.module_id for event in events if event.module_id},
    )
    marking.mark(reached.values_list("planned__module__course_id", "reached_at"))
