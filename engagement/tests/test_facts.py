"""The facts that each kind of event leaves, with expected values worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import override_settings

from accounts.tests.people import moment
from curriculum.models import Course, Enrollment
from engagement.facts import activity
from engagement.models import ModuleProgress, WeekPresence
from engagement.tests.facts import accept, days, stale_days, stale_january_days
from intake.tests.lms import event, school
from kpis.models import DataFreshness, StaleDay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    """Modules m1 (due 12 January) and m2 (19 January); Ada and Bo started on the 5th."""
    school()
    StaleDay.objects.all().delete()


def progress() -> list[tuple[str, str, str]]:
    """Module, day reached and day done in Ada's plan."""
    rows = ModuleProgress.objects.filter(planned__enrollment__learner__key="ada")
    return [
        (row.planned.module.key, f"{row.reached_at:%d}", f"{row.done_at:%d}" if row.done_at else "")
        for row in rows.select_related("planned__module").order_by("planned__position")
    ]


def test_one_day_in_one_module_is_one_row() -> None:
    accept(
        event("e1", module="m1"),
        event("e2", "quiz.attempted", module="m1", object="q"),
        event("e3", "note.written", module="m1"),
    )

    assert days() == [("m1", date(2026, 1, 6), 3, 2, 1, 1)]


def test_later_events_add_to_the_day() -> None:
    accept(event("e1"))
    accept(event("e2"), event("e3", "discussion.posted"))

    assert days() == [(None, date(2026, 1, 6), 3, 1, 2, 0)]


@override_settings(KPI_TIME_ZONE="America/New_York")
def test_the_day_is_in_the_reporting_time_zone() -> None:
    accept(event(at="2026-01-07T03:00:00Z"))

    assert days() == [(None, date(2026, 1, 6), 1, 0, 1, 0)]


def test_activity_marks_the_monday_of_its_week_in_another_month() -> None:
    accept(event("e1", "note.written", at="2026-02-03T12:00:00Z"))

    # Tuesday, 3 February, is in the week of Monday, 2 February; Sunday the 1st in that of January
    assert 26 not in stale_january_days()
    accept(event("e2", "note.written", at="2026-02-01T12:00:00Z"))
    assert 26 in stale_january_days()


def test_presence_is_weekly_in_any_and_in_each_module() -> None:
    accept(
        event("e1", at="2026-01-11T23:00:00Z", module="m1"),
        event("e2", "note.written", at="2026-01-12T01:00:00Z"),
    )
    rows = WeekPresence.objects.values_list("module__key", "week", "is_productive")

    assert sorted(rows, key=repr) == [
        ("m1", date(2026, 1, 5), False),
        (None, date(2026, 1, 12), True),
        (None, date(2026, 1, 5), False),
    ]


def test_other_kinds_of_events_are_no_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(activity.COUNTS, "note.written")
    accept(event("e1", module="m1"), event("e2", "note.written", module="m1"))

    assert days() == [("m1", date(2026, 1, 6), 1, 0, 1, 0)]


def test_actions_of_staff_are_no_activity_of_the_learner() -> None:
    accept(
        event("e1", "module.waived", module="m1"),
        event("e2", "assessment.graded", object="exam", value=0.5),
        event("e3", "course.completed"),
    )

    assert days() == []


def test_an_event_reaches_its_module_and_all_before_it() -> None:
    accept(event(at="2026-01-09T09:00:00Z", module="m2"))

    assert progress() == [("m1", "09", ""), ("m2", "09", "")]


def test_the_first_completion_of_a_module_counts() -> None:
    accept(event("e1", "module.completed", at="2026-01-12T09:00:00Z", module="m1"))
    accept(event("e2", "module.completed", at="2026-01-10T09:00:00Z", module="m1"))
    accept(event("e3", "module.completed", at="2026-01-14T09:00:00Z", module="m1"))

    assert progress() == [("m1", "10", "10")]


def test_the_last_required_module_completes_the_course() -> None:
    accept(event("e1", "module.completed", at="2026-01-12T09:00:00Z", module="m2"))
    ada = Enrollment.objects.get(learner__key="ada")
    assert ada.completed_at is None

    accept(event("e2", "module.waived", at="2026-01-10T09:00:00Z", module="m1"))
    ada.refresh_from_db()

    assert ada.completed_at == moment("2026-01-12T09:00")
    assert ada.completed_by_sender is False


def test_a_moved_module_keeps_its_place_in_existing_plans() -> None:
    py = Course.objects.get(key="py")
    py.modules.filter(key="m2").update(position=9)
    py.modules.filter(key="m1").update(position=2)
    py.modules.filter(key="m2").update(position=1)
    accept(event(kind="module.completed", at="2026-01-09T09:00:00Z", module="m2"))

    assert progress() == [("m1", "09", ""), ("m2", "09", "09")]


def test_a_module_outside_the_plan_reaches_the_modules_before_it() -> None:
    Course.objects.get(key="py").modules.create(key="m3", title="New", position=3)
    accept(event(kind="module.completed", at="2026-01-09T09:00:00Z", module="m3"))

    assert progress() == [("m1", "09", ""), ("m2", "09", "")]


@pytest.mark.parametrize("order", [("module.waived", "module.completed"), None])
def test_a_waived_module_stays_waived_in_any_order(order: tuple[str, str] | None) -> None:
    first, second = order or ("module.completed", "module.waived")
    at = {"module.waived": "2026-01-12T09:00:00Z", "module.completed": "2026-01-10T09:00:00Z"}
    for kind in (first, second):
        accept(event(kind, kind, at=at[kind], module="m1"))
    line = ModuleProgress.objects.get()

    assert (line.is_waived, f"{line.done_at:%d}") == (True, "10")


def test_a_reported_completion_completes_the_course() -> None:
    accept(event(kind="course.completed", at="2026-02-01T00:00:00Z"))
    ada = Enrollment.objects.get(learner__key="ada")

    assert (ada.completed_at, ada.completed_by_sender) == (moment("2026-02-01"), True)


def test_a_batch_marks_each_day_once() -> None:
    accept(
        *(event(f"e{at}", kind) for at, kind in enumerate(["content.viewed", "note.written"] * 5))
    )

    assert sorted(one.key for one in stale_days()) == [
        "engagement.depth",
        "engagement.interaction-rate",
    ]


def test_events_update_the_data_freshness() -> None:
    accept(event("e1", at="2026-01-20T00:00:00Z"), event("e2", at="2026-01-10T00:00:00Z"))
    accept(event("e3", at="2026-01-15T00:00:00Z"))

    assert DataFreshness.objects.get(category="engagement").data_through == moment("2026-01-20")
