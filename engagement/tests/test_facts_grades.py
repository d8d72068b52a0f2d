from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.people import moment
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ItemResult,
    LearningObject,
    QuizAttempt,
)
from engagement.tests.facts import accept, stale_january_days
from intake.tests.lms import event, school
from kpis.models import StaleDay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    """Modules m1 (due 12 January) and m2 (19 January); Ada and Bo started on the 5th."""
    school()
    StaleDay.objects.all().delete()


def graded(key: str, value: float, at: str = "2026-01-08T00:00:00Z", **data: Any) -> dict[str, Any]:
    return event(key, "assessment.graded", at=at, object="exam", value=value, data=data)


def scores() -> list[tuple[int, float]]:
    return list(AssessmentResult.objects.order_by("attempt").values_list("attempt", "score"))


def test_a_score_is_scaled_by_its_maximum() -> None:
    accept(graded("e1", 15, max=20), graded("e2", 0.5, attempt=2))

    assert scores() == [(1, 0.75), (2, 0.5)]


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_the_later_of_two_grades_wins(order: tuple[str, str]) -> None:
    early = graded("early", 0.9, "2026-01-08T00:00:00Z", items=[{"id": "q1", "score": 1}])
    late = graded("late", 0.6, "2026-01-09T00:00:00Z", items=[{"id": "q1", "score": 0}])
    for name in order:
        accept({"early": early, "late": late}[name])

    assert scores() == [(1, 0.6)]
    assert ItemResult.objects.get().score == 0
    assert (
        set(stale_january_days()) == {8}
        if order[0] == "early"
        else set(stale_january_days()) == {8, 9}
    )


def test_a_regrade_counts_where_the_attempt_was_first_graded() -> None:
    accept(graded("first", 0.7, "2026-01-08T00:00:00Z"))
    accept(graded("again", 0.75, "2026-06-09T00:00:00Z"))
    result = AssessmentResult.objects.get()

    assert (result.graded_at, result.score) == (moment("2026-01-08"), 0.75)
    assert result.regraded_at == moment("2026-06-09")


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_two_equal_grades_at_one_moment_give_the_same_answers_in_any_order(
    order: tuple[str, str],
) -> None:
    items = {name: [{"id": "q1", "score": score}] for name, score in (("a", 0), ("b", 1))}
    for name in order:
        accept(graded(name, 0.5, "2026-01-08T00:00:00Z", items=items[name]))

    assert ItemResult.objects.get().score == 1


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_the_better_of_two_grades_at_one_moment_wins(order: tuple[str, str]) -> None:
    values = {"a": 0.4, "b": 0.7}
    for name in order:
        accept(graded(name, values[name]))

    assert scores() == [(1, 0.7)]


def test_the_first_attempt_at_a_quiz_counts() -> None:
    for key, at in (("e1", "2026-01-09T00:00:00Z"), ("e2", "2026-01-08T00:00:00Z")):
        accept(event(key, "quiz.attempted", at=at, object="q", module="m1"))

    assert QuizAttempt.objects.get().attempted_at == moment("2026-01-08")


def test_a_new_quiz_marks_the_days_on_which_its_module_was_reached() -> None:
    accept(event("bo", at="2026-01-07T09:00:00Z", learner="bo", module="m1"))
    StaleDay.objects.all().delete()
    accept(event("ada", "quiz.attempted", at="2026-01-16T09:00:00Z", object="q", module="m1"))

    # Bo reached m1 on the 7th and Ada on the 16th; m1 falls due on the 12th
    assert stale_january_days() == [7, 12, 16]


def test_an_event_without_a_module_uses_the_module_of_its_object() -> None:
    accept(event("e1", "quiz.attempted", object="q", module="m2"))
    accept(event("e2", "quiz.attempted", at="2026-01-08T00:00:00Z", learner="bo", object="q"))

    assert DailyActivity.objects.get(enrollment__learner__key="bo").module.key == "m2"  # type: ignore[union-attr]


@pytest.mark.parametrize("order", [("e2", "e3"), ("e3", "e2")])
def test_the_earliest_reported_module_of_an_object_wins(order: tuple[str, str]) -> None:
    days = {"e2": ("m2", "2026-01-07T00:00:00Z"), "e3": ("m1", "2026-01-08T00:00:00Z")}
    accept(event("e1", "quiz.attempted", object="q"))
    for name in order:
        module, at = days[name]
        accept(event(name, "quiz.attempted", at=at, object="q", module=module))

    assert LearningObject.objects.get().module.key == "m2"  # type: ignore[union-attr]
