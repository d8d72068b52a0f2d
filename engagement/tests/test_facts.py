"""What each kind of event leaves, worked by hand."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import override_settings

from accounts.tests.people import moment
from curriculum.models import Course, Enrollment
from engagement.facts import activity
from engagement.models import ModuleProgress, WeekPresence
from engagement.tests.facts import days, marked, marks, tell
from intake.tests.lms import event, school
from kpis.models import DataFreshness, StaleDay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    """Modules m1 (due 12 January) and m2 (19 January); Ada and Bo started on the 5th."""
    school()
    StaleDay.objects.all().delete()


def progress() -> list[tuple[str, str, str]]:
    """Module, day reached and day done of Ada's plan."""
    rows = ModuleProgress.objects.filter(planned__enrollment__learner__key="ada")
    return [
        (row.planned.module.key, f"{row.reached_at:%d}", f"{row.done_at:%d}" if row.done_at else "")
        for row in rows.select_related("planned__module").order_by("planned__position")
    ]


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


def test_a_batch_marks_each_day_once() -> None:
    tell(*(event(f"e{at}", kind) for at, kind in enumerate(["content.viewed", "note.written"] * 5)))

    assert marks().count() == 1


def test_how_far_the_data_reach_is_noted() -> None:
    tell(event("e1", at="2026-01-20T00:00:00Z"), event("e2", at="2026-01-10T00:00:00Z"))
    tell(event("e3", at="2026-01-15T00:00:00Z"))

    assert DataFreshness.objects.get(category="engagement").data_through == moment("2026-01-20")
