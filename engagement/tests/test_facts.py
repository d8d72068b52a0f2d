"""What each kind of event leaves, worked by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import override_settings

from curriculum.models import Course, Enrollment
from curriculum.tests.people import moment, run_of
from engagement.facts import activity
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ItemResult,
    LearningObject,
    ModuleProgress,
    QuizAttempt,
    WeekPresence,
)
from intake.tests.door import event, school, send, statuses
from kpis.models import DirtyDay, Feed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    """Modules m1 (due 12 January) and m2 (19 January); Ada and Bo started on the 5th."""
    school()
    DirtyDay.objects.all().delete()


def tell(*raws: dict[str, Any]) -> None:
    assert set(statuses(send(*raws))) == {"accepted"}


def days() -> list[tuple[Any, ...]]:
    columns = ("module__key", "day", "interactions", "productive", "content", "quiz")
    return sorted(DailyActivity.objects.values_list(*columns), key=repr)


def progress() -> list[tuple[str, str, str]]:
    """Module, day reached and day done of Ada's plan."""
    rows = ModuleProgress.objects.filter(planned__enrollment__learner__key="ada")
    return [
        (row.planned.module.key, f"{row.reached_at:%d}", f"{row.done_at:%d}" if row.done_at else "")
        for row in rows.select_related("planned__module").order_by("planned__position")
    ]


def marks() -> QuerySet[DirtyDay]:
    """The marks of engagement; other categories hear of enrolments too."""
    return DirtyDay.objects.filter(key="engagement")


def marked() -> list[int]:
    """The days of January that are to be measured again."""
    return sorted(set(marks().filter(day__month=1).values_list("day__day", flat=True)))


# Activity


def test_what_happens_on_one_day_in_one_module_is_one_row() -> None:
    tell(
        event("e1", module="m1"),
        event("e2", "quiz.attempted", module="m1", object="q"),
        event("e3", "note.written", module="m1"),
    )

    assert days() == [("m1", date(2026, 1, 6), 3, 2, 1, 1)]


def test_what_comes_later_is_added() -> None:
    tell(event("e1"))
    tell(event("e2"), event("e3", "discussion.posted"))

    assert days() == [(None, date(2026, 1, 6), 3, 1, 2, 0)]


@override_settings(KPI_TIME_ZONE="America/New_York")
def test_the_day_is_the_provider_s() -> None:
    tell(event(at="2026-01-07T03:00:00Z"))

    assert days() == [(None, date(2026, 1, 6), 1, 0, 1, 0)]


def test_a_trace_marks_the_monday_too_whose_month_its_week_counts_in() -> None:
    tell(event("e1", "note.written", at="2026-02-03T12:00:00Z"))

    # Tuesday, 3 February, is in the week of Monday, 2 February; Sunday the 1st in that of January
    assert 26 not in marked()
    tell(event("e2", "note.written", at="2026-02-01T12:00:00Z"))
    assert 26 in marked()


def test_presence_is_by_week_anywhere_and_in_each_module() -> None:
    tell(
        event("e1", at="2026-01-11T23:00:00Z", module="m1"),
        event("e2", "note.written", at="2026-01-12T01:00:00Z"),
    )
    rows = WeekPresence.objects.values_list("module__key", "week", "is_productive")

    assert sorted(rows, key=repr) == [
        ("m1", date(2026, 1, 5), False),
        (None, date(2026, 1, 12), True),
        (None, date(2026, 1, 5), False),
    ]


def test_a_kind_that_is_no_activity_counts_in_no_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(activity.COUNTS, "note.written")
    tell(event("e1", module="m1"), event("e2", "note.written", module="m1"))

    assert days() == [("m1", date(2026, 1, 6), 1, 0, 1, 0)]


def test_what_staff_do_to_a_learner_is_no_activity() -> None:
    tell(
        event("e1", "module.waived", module="m1"),
        event("e2", "assessment.graded", object="exam", value=0.5),
        event("e3", "course.completed"),
    )

    assert days() == []


# Progress


def test_a_trace_reaches_the_module_and_those_before_it() -> None:
    tell(event(at="2026-01-09T09:00:00Z", module="m2"))

    assert progress() == [("m1", "09", ""), ("m2", "09", "")]


def test_a_module_is_done_at_the_first_time_it_was() -> None:
    tell(event("e1", "module.completed", at="2026-01-12T09:00:00Z", module="m1"))
    tell(event("e2", "module.completed", at="2026-01-10T09:00:00Z", module="m1"))
    tell(event("e3", "module.completed", at="2026-01-14T09:00:00Z", module="m1"))

    assert progress() == [("m1", "10", "10")]


def test_who_has_done_every_required_module_has_completed_at_the_last() -> None:
    tell(event("e1", "module.completed", at="2026-01-12T09:00:00Z", module="m2"))
    ada = Enrollment.objects.get(learner__key="ada")
    assert ada.completed_at is None

    tell(event("e2", "module.waived", at="2026-01-10T09:00:00Z", module="m1"))
    ada.refresh_from_db()

    assert ada.completed_at == moment("2026-01-12T09:00")
    assert ada.completed_by_sender is False


def test_a_module_moved_since_keeps_its_place_in_the_plan() -> None:
    py = Course.objects.get(key="py")
    py.modules.filter(key="m2").update(position=9)
    py.modules.filter(key="m1").update(position=2)
    py.modules.filter(key="m2").update(position=1)
    tell(event(kind="module.completed", at="2026-01-09T09:00:00Z", module="m2"))

    assert progress() == [("m1", "09", ""), ("m2", "09", "09")]


def test_a_module_of_no_plan_reaches_what_stands_before_it() -> None:
    Course.objects.get(key="py").modules.create(key="m3", title="New", position=3)
    tell(event(kind="module.completed", at="2026-01-09T09:00:00Z", module="m3"))

    assert progress() == [("m1", "09", ""), ("m2", "09", "")]


@pytest.mark.parametrize("order", [("module.waived", "module.completed"), None])
def test_a_waived_module_stays_waived_in_any_order(order: tuple[str, str] | None) -> None:
    first, second = order or ("module.completed", "module.waived")
    at = {"module.waived": "2026-01-12T09:00:00Z", "module.completed": "2026-01-10T09:00:00Z"}
    for kind in (first, second):
        tell(event(kind, kind, at=at[kind], module="m1"))
    line = ModuleProgress.objects.get()

    assert (line.is_waived, f"{line.done_at:%d}") == (True, "10")


def test_the_sender_s_word_completes_a_course() -> None:
    tell(event(kind="course.completed", at="2026-02-01T00:00:00Z"))
    ada = Enrollment.objects.get(learner__key="ada")

    assert (ada.completed_at, ada.completed_by_sender) == (moment("2026-02-01"), True)


# Assessments


def graded(key: str, value: float, at: str = "2026-01-08T00:00:00Z", **data: Any) -> dict[str, Any]:
    return event(key, "assessment.graded", at=at, object="exam", value=value, data=data)


def scores() -> list[tuple[int, float]]:
    return list(AssessmentResult.objects.order_by("attempt").values_list("attempt", "score"))


def test_a_score_is_a_share_of_its_maximum() -> None:
    tell(graded("e1", 15, max=20), graded("e2", 0.5, attempt=2))

    assert scores() == [(1, 0.75), (2, 0.5)]


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_of_two_grades_of_an_attempt_the_later_stands(order: tuple[str, str]) -> None:
    early = graded("early", 0.9, "2026-01-08T00:00:00Z", items=[{"id": "q1", "score": 1}])
    late = graded("late", 0.6, "2026-01-09T00:00:00Z", items=[{"id": "q1", "score": 0}])
    for name in order:
        tell({"early": early, "late": late}[name])

    assert scores() == [(1, 0.6)]
    assert ItemResult.objects.get().score == 0
    assert set(marked()) == {8} if order[0] == "early" else set(marked()) == {8, 9}


def test_a_regrade_counts_where_the_attempt_was_graded_first() -> None:
    tell(graded("first", 0.7, "2026-01-08T00:00:00Z"))
    tell(graded("again", 0.75, "2026-06-09T00:00:00Z"))
    result = AssessmentResult.objects.get()

    assert (result.graded_at, result.score) == (moment("2026-01-08"), 0.75)
    assert result.regraded_at == moment("2026-06-09")


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_of_two_equal_grades_at_one_moment_the_same_answers_stand(order: tuple[str, str]) -> None:
    items = {name: [{"id": "q1", "score": score}] for name, score in (("a", 0), ("b", 1))}
    for name in order:
        tell(graded(name, 0.5, "2026-01-08T00:00:00Z", items=items[name]))

    assert ItemResult.objects.get().score == 1


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_of_two_grades_at_one_moment_the_better_stands(order: tuple[str, str]) -> None:
    values = {"a": 0.4, "b": 0.7}
    for name in order:
        tell(graded(name, values[name]))

    assert scores() == [(1, 0.7)]


# Quizzes


def test_a_quiz_is_tried_at_the_first_time_it_was() -> None:
    for key, at in (("e1", "2026-01-09T00:00:00Z"), ("e2", "2026-01-08T00:00:00Z")):
        tell(event(key, "quiz.attempted", at=at, object="q", module="m1"))

    assert QuizAttempt.objects.get().attempted_at == moment("2026-01-08")


def test_a_new_quiz_touches_the_days_on_which_others_reached_its_module() -> None:
    tell(event("bo", at="2026-01-07T09:00:00Z", learner="bo", module="m1"))
    DirtyDay.objects.all().delete()
    tell(event("ada", "quiz.attempted", at="2026-01-16T09:00:00Z", object="q", module="m1"))

    # 7: Bo might try it now; 12: m1 falls due; 16: Ada
    assert marked() == [7, 12, 16]


def test_an_event_without_a_module_takes_that_of_its_object() -> None:
    tell(event("e1", "quiz.attempted", object="q", module="m2"))
    tell(event("e2", "quiz.attempted", at="2026-01-08T00:00:00Z", learner="bo", object="q"))

    assert DailyActivity.objects.get(enrollment__learner__key="bo").module.key == "m2"  # type: ignore[union-attr]


@pytest.mark.parametrize("order", [("e2", "e3"), ("e3", "e2")])
def test_the_module_said_of_the_earlier_moment_stands(order: tuple[str, str]) -> None:
    days = {"e2": ("m2", "2026-01-07T00:00:00Z"), "e3": ("m1", "2026-01-08T00:00:00Z")}
    tell(event("e1", "quiz.attempted", object="q"))
    for name in order:
        module, at = days[name]
        tell(event(name, "quiz.attempted", at=at, object="q", module=module))

    assert LearningObject.objects.get().module.key == "m2"  # type: ignore[union-attr]


# Enrolments


def due() -> str:
    at = Enrollment.objects.get(learner__key="ada").due_at
    return f"{at:%m-%d}" if at else "open"


def pauses(key: str, kind: str, at: str) -> dict[str, Any]:
    return event(key, f"enrollment.{kind}", at=f"{at}T00:00:00Z")


PAUSE, RESUME = pauses("p", "paused", "2026-01-14"), pauses("r", "resumed", "2026-01-24")


@pytest.mark.parametrize("batches", [[[PAUSE, RESUME]], [[PAUSE], [RESUME]], [[RESUME], [PAUSE]]])
def test_a_pause_shifts_what_falls_due_in_whatever_order_it_comes(
    batches: list[list[dict[str, Any]]],
) -> None:
    for batch in batches:
        tell(*batch)

    # 16 February and ten days
    assert due() == "02-26"


def test_an_earlier_pause_that_comes_last_finds_its_own_resumption() -> None:
    tell(pauses("r1", "resumed", "2026-01-08"))
    tell(PAUSE, RESUME)
    tell(pauses("p1", "paused", "2026-01-06"))

    # two days and ten
    assert due() == "02-28"


def test_an_open_pause_takes_the_due_days_away() -> None:
    tell(PAUSE)

    assert due() == "open"
    # the 19th, on which m2 was due, counts one less
    assert 19 in marked()


def test_a_resumption_that_comes_late_touches_the_days_it_changes() -> None:
    tell(PAUSE, pauses("late", "resumed", "2026-01-30"))
    DirtyDay.objects.all().delete()
    tell(pauses("early", "resumed", "2026-01-16"))

    # m2 was due on 4 February, now on 21 January; the course on 4 March, now on 18 February
    assert due() == "02-18"
    assert sorted(f"{day:%m-%d}" for day in marks().values_list("day", flat=True)) == [
        "01-12",
        "01-21",
        "02-04",
        "02-18",
        "03-04",
    ]


def test_who_withdraws_before_the_cut_off_leaves_every_day_they_stood_in() -> None:
    tell(event("e1", at="2026-01-08T09:00:00Z"))
    DirtyDay.objects.all().delete()
    tell(event("w", "enrollment.withdrawn", at="2026-01-09T09:00:00Z"))

    assert Enrollment.objects.get(learner__key="ada").is_cancelled
    # activity on the 8th, modules due on the 12th and the 19th
    assert marked() == [8, 12, 19]
    assert marks().filter(day=date(2026, 2, 16)).exists()


def test_who_cancels_a_course_without_modules_leaves_its_due_day() -> None:
    Course.objects.get(key="py").modules.all().delete()
    run_of(Course.objects.create(key="go", title="Go", nominal_days=28))
    tell(event("s", "enrollment.started", course="go", at="2026-01-05T00:00:00Z"))
    DirtyDay.objects.all().delete()
    tell(event("w", "enrollment.withdrawn", course="go"))

    # 5 January and 1.5 × 28 days
    assert marks().get().day == date(2026, 2, 16)


def test_who_withdrew_and_signs_up_again_in_the_same_run_is_back() -> None:
    tell(event("w", "enrollment.withdrawn", at="2026-01-20T00:00:00Z"))
    tell(event("again", "enrollment.started", at="2026-01-25T00:00:00Z"))
    ada = Enrollment.objects.get(learner__key="ada")

    assert (ada.withdrawn_at, ada.started_at) == (None, moment("2026-01-05"))


# Freshness


def test_a_batch_marks_each_day_once() -> None:
    tell(*(event(f"e{at}", kind) for at, kind in enumerate(["content.viewed", "note.written"] * 5)))

    assert marks().count() == 1


def test_how_far_the_data_reach_is_noted() -> None:
    tell(event("e1", at="2026-01-20T00:00:00Z"), event("e2", at="2026-01-10T00:00:00Z"))
    tell(event("e3", at="2026-01-15T00:00:00Z"))

    assert Feed.objects.get(category="engagement").data_through == moment("2026-01-20")
