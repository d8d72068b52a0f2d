from __future__ import annotations

from datetime import datetime

import pytest

from accounts.tests.people import moment
from learners.progress.pace import Pace, Step, done_effort, pace

NOW = moment("2026-01-14T10:00:00")

pytestmark = pytest.mark.once


def step(title: str, due: str | None, *, done: str | None = None, required: bool = True) -> Step:
    at = moment(due) if due else None
    return Step(title, required, 60, at, done_at=moment(done) if done else None)


def found(*steps: Step) -> Pace | None:
    return pace(steps, NOW, datetime.date)


def days(*steps: Step) -> int:
    one = found(*steps)
    assert one is not None
    return one.days


def test_what_is_due_tomorrow_and_not_done_is_on_schedule() -> None:
    one = found(step("m1", "2026-01-12", done="2026-01-10"), step("m2", "2026-01-16"))

    assert one is not None
    assert (one.days, one.following.title, f"{one.due_on}") == (0, "m2", "2026-01-15")


def test_a_module_that_fell_due_two_days_ago_is_two_days_behind() -> None:
    # midnight of the 13th is the end of the 12th
    assert days(step("m1", "2026-01-13"), step("m2", "2026-01-20")) == -2


def test_what_fell_due_this_morning_is_a_day_behind() -> None:
    assert days(step("m1", "2026-01-14T09:00:00")) == -1


def test_doing_what_is_due_in_a_week_is_a_week_ahead() -> None:
    done = step("m2", "2026-01-22", done="2026-01-13")

    assert days(step("m1", "2026-01-12", done="2026-01-10"), done, step("m3", "2026-01-29")) == 7


def test_a_later_module_does_not_make_up_for_one_that_is_overdue() -> None:
    assert days(step("m1", "2026-01-12"), step("m2", "2026-01-20", done="2026-01-13")) == -3


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step("m1", "2026-01-12", done="2026-01-10")],
        [step("optional", "2026-01-12", required=False)],
        [step("paused", None)],
    ],
)
def test_without_anything_left_to_do_there_is_no_pace(steps: list[Step]) -> None:
    assert found(*steps) is None


def test_optional_modules_are_no_part_of_the_work() -> None:
    some = step("m1", "2026-01-12", done="2026-01-10"), step("m2", "2026-01-20")

    assert done_effort([*some, step("more", None, required=False)]) == (60, 120)
