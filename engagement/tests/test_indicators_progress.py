"""Completion rate and progress velocity, worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from curriculum.models import Course, Module
from engagement.tests.school import (
    by_module,
    did,
    enrolled,
    finished,
    is_of_kind,
    school,
    sums,
)
from kpis.models import StaleDay
from kpis.tests.stale import marked_days

pytestmark = pytest.mark.django_db

COMPLETION, VELOCITY = "completion-rate", "progress-velocity"
FEBRUARY = "2026-02-16"


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def test_one_of_two_completes() -> None:
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-20")

    assert sums(COMPLETION, FEBRUARY) == (1, 2)


def test_there_is_no_value_without_due_enrollments() -> None:
    enrolled("ada")

    assert sums(COMPLETION, "2026-01-31") == (0, 0)


def test_there_is_no_value_where_nothing_can_be_completed() -> None:
    Module.objects.all().delete()
    enrolled("ada", "bo")

    assert sums(COMPLETION, FEBRUARY) == (0, 0)


def test_the_first_completion_ever_gives_all_earlier_days_a_value() -> None:
    Module.objects.all().delete()
    enrolled("ada", "bo")
    StaleDay.objects.all().delete()
    did("bo", "course.completed", "2026-06-01")

    assert sums(COMPLETION, FEBRUARY) == (0, 2)
    assert date(2026, 2, 16) in marked_days()


def test_withdrawn_learners_stay_in_the_denominator() -> None:
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-20")
    did("bo", "enrollment.withdrawn", "2026-01-30")

    assert sums(COMPLETION, FEBRUARY) == (1, 2)


def test_enrollments_cancelled_before_the_cutoff_do_not_count() -> None:
    enrolled("ada", "bo")
    did("bo", "content.viewed", "2026-01-06", module="m1")
    did("bo", "enrollment.withdrawn", "2026-01-11T23:59:59Z")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert sums(VELOCITY, "2026-01-31") == (0, 120)
    assert sums("interaction-rate", "2026-01-31") == (0, 0)


def test_leaving_at_the_cutoff_counts() -> None:
    enrolled("ada")
    did("ada", "enrollment.withdrawn", "2026-01-12T00:00:00Z")

    assert sums(COMPLETION, FEBRUARY) == (0, 1)


@pytest.mark.parametrize("kind", ["staff", "test"])
def test_staff_and_test_accounts_do_not_count(kind: str) -> None:
    enrolled("ada", "cleo")
    is_of_kind("cleo", kind)

    assert sums(COMPLETION, FEBRUARY) == (0, 1)
    assert sums(VELOCITY, "2026-01-31") == (0, 120)


@pytest.mark.parametrize(
    ("at", "complete"), [("2026-02-16T00:00:00Z", 1), ("2026-02-16T00:00:01Z", 0)]
)
def test_completing_at_the_due_second_counts(at: str, complete: int) -> None:
    enrolled("ada")
    finished("ada", "m1", "m2", at=at)

    assert sums(COMPLETION, FEBRUARY) == (complete, 1)


@pytest.mark.parametrize(
    ("start", "february", "march"),
    [("2026-01-17T23:59:59Z", 1, 0), ("2026-01-18T00:00:00Z", 0, 1)],
)
def test_a_due_date_at_midnight_belongs_to_the_new_month(
    start: str, february: int, march: int
) -> None:
    # 42 days after 18 January 00:00 is 1 March 00:00
    enrolled("ada", at=start)

    assert sums(COMPLETION, "2026-02-01")[1] == february
    assert sums(COMPLETION, "2026-03-01")[1] == march


def test_a_pause_moves_due_dates() -> None:
    enrolled("ada")
    did("ada", "enrollment.paused", "2026-01-10T00:00:00Z")
    did("ada", "enrollment.resumed", "2026-02-09T00:00:00Z")

    # 30 days: due on 18 March, the modules on 11 and 18 February
    assert sums(COMPLETION, FEBRUARY) == (0, 0)
    assert sums(COMPLETION, "2026-03-18") == (0, 1)
    assert sums(VELOCITY, "2026-01-31") == (0, 0)
    assert sums(VELOCITY, "2026-02-28") == (0, 120)


def test_an_open_pause_suspends_due_dates() -> None:
    enrolled("ada")
    did("ada", "enrollment.paused", "2026-01-10T00:00:00Z")

    assert sums(COMPLETION, "2026-02-16", "quarter") == (0, 0)


def test_a_module_added_later_does_not_change_the_plan(python: Course) -> None:
    enrolled("ada")
    Module.objects.create(course=python, key="m3", title="Late", position=3)
    finished("ada", "m1", "m2", at="2026-01-20")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert sums(VELOCITY, "2026-01-31", "quarter") == (120, 120)


def test_a_waived_module_counts_as_done() -> None:
    enrolled("ada")
    finished("ada", "m1", at="2026-01-10")
    did("ada", "module.waived", "2026-01-18", module="m2")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert sums(VELOCITY, "2026-01-31") == (120, 120)


def test_optional_modules_are_not_needed_for_completion(python: Course) -> None:
    Module.objects.filter(course=python, key="m2").update(is_required=False)
    enrolled("ada")
    finished("ada", "m1", at="2026-01-10")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)
    assert sums(VELOCITY, "2026-01-31") == (60, 60)


def test_a_reported_completion_completes_the_course() -> None:
    enrolled("ada")
    did("ada", "course.completed", "2026-02-01")

    assert sums(COMPLETION, FEBRUARY) == (1, 1)


def test_velocity_weights_modules_by_their_effort(python: Course) -> None:
    Module.objects.filter(course=python, key="m2").update(effort_minutes=180)
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-11")
    finished("bo", "m1", at="2026-01-11")

    # Ada 240 of 240 minutes, Bo 60 of 240
    assert sums(VELOCITY, "2026-01-31") == (300, 480)


def test_late_work_counts_in_a_longer_period() -> None:
    enrolled("ada")
    finished("ada", "m1", "m2", at="2026-02-02")

    assert sums(VELOCITY, "2026-01-31", "month") == (0, 120)
    assert sums(VELOCITY, "2026-01-31", "quarter") == (120, 120)


def test_late_work_marks_only_periods_that_end_after_it() -> None:
    enrolled("ada")
    StaleDay.objects.all().delete()
    # both modules fell due in January
    finished("ada", "m1", at="2026-02-02")

    assert marked_kinds(f"engagement.{VELOCITY}") == {"quarter"}
    finished("ada", "m1", at="2026-01-25T23:30:00Z")
    # the week of the due date ended on that day
    assert marked_kinds(f"engagement.{VELOCITY}") == {"quarter", "month"}
    StaleDay.objects.all().delete()
    finished("ada", "m1", at="2026-01-12T08:00:00Z")
    # on the day itself, all of them
    assert marked_kinds(f"engagement.{VELOCITY}") == {""}


def marked_kinds(key: str) -> set[str]:
    return set(StaleDay.objects.filter(key=key).values_list("kind", flat=True))


def test_a_module_done_at_the_period_end_counts_in_the_next() -> None:
    enrolled("ada")
    finished("ada", "m1", at="2026-01-31T23:59:59Z")
    finished("ada", "m2", at="2026-02-01T00:00:00Z")

    assert by_module(VELOCITY, "2026-01-31") == {"m1": (60, 60), "m2": (0, 60)}


def test_modules_add_up_to_the_course() -> None:
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-11")
    finished("bo", "m1", at="2026-01-11")

    assert by_module(VELOCITY, "2026-01-31") == {"m1": (120, 120), "m2": (60, 120)}
    assert sums(VELOCITY, "2026-01-31") == (180, 240)


def test_months_add_up_to_the_quarter() -> None:
    enrolled("ada", "bo")
    enrolled("cleo", at="2026-02-05T00:00:00Z")
    finished("ada", "m1", "m2", at="2026-01-11")
    months = [sums(COMPLETION, f"2026-0{month}-15") for month in (1, 2, 3)]

    assert months == [(0, 0), (1, 2), (0, 1)]
    assert sums(COMPLETION, "2026-01-15", "quarter") == (1, 3)
