"""Who tried which quiz."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from core import bulk_upsert
from engagement.facts import affected_days, batch_work
from engagement.facts.learning_objects import objects_of
from engagement.models import LearningObject, ModuleProgress, QuizAttempt
from intake.models import Event


def attempt(events: Sequence[Event]) -> None:
    """Note that these quizzes were tried; of two attempts the earlier date stands."""
    quizzes = objects_of(events, LearningObject.Kind.QUIZ)
    rows: dict[tuple[int, int], Event] = {}
    for event in sorted(events, key=lambda one: one.occurred_at):
        rows.setdefault((event.enrollment_id or 0, quizzes.of(event).pk), event)
    bulk_upsert.upsert(
        QuizAttempt,
        ("enrollment_id", "quiz_id", "attempted_at"),
        [(*pair, rows[pair].occurred_at) for pair in sorted(rows)],
        conflict="enrollment_id, quiz_id",
        merge={"attempted_at": "smaller"},
    )
    mark_modules([*(quiz.module_id for quiz in quizzes.learned), *quizzes.left])


def mark_reached(events: Sequence[Event]) -> None:
    """A quiz counts on the day its module was reached; that day counts differently now."""
    quizzes = {event.object for event in events}
    modules = LearningObject.objects.filter(
        kind=LearningObject.Kind.QUIZ,
        key__in=quizzes,
        course__in={event.course_id for event in events},
    ).values("module")
    _mark(Q(planned__enrollment__in={event.enrollment_id for event in events}), modules)


def mark_modules(module_ids: Iterable[int | None]) -> None:
    """Everybody who reached a module may now try what is new in it."""
    if ids := {pk for pk in module_ids if pk is not None}:
        _mark(Q(), ids)


def _mark(whose: Q, modules: Any) -> None:
    reached = ModuleProgress.objects.filter(whose, planned__module__in=modules)
    days = affected_days.on_days(reached, "reached_at").order_by()
    batch_work.mark_days_stale(
        days.values_list("planned__module__course_id", "counted_on").distinct()
    )
