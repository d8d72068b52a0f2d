"""Planned days and deadline extensions apply to plans of sign-ups from their moment on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.test import override_settings

from accounts.tests.people import course, moment, run_of
from curriculum import enrolling, parameters
from curriculum.enrolling import SignUp
from curriculum.models import CourseRun, RunModule
from curriculum.parameter_definitions import DEADLINE_EXTENSION, PLANNED_DAYS
from curriculum.tests.enrolled import due, enrolled, plan

pytestmark = pytest.mark.django_db

FEB_1 = moment("2026-02-01")
BEFORE, AFTER = moment("2026-01-20"), moment("2026-02-10")


def set_at(at: datetime, key: str, to: int, **scope: Any) -> None:
    with patch("django.utils.timezone.now", return_value=at):
        row = parameters.parameter_for(key, **scope)
        parameters.set_value(row, Decimal(to), reason="A test.")


@pytest.fixture
def run() -> CourseRun:
    return run_of(course(modules=2))


def longer_first_module(run: CourseRun) -> None:
    set_at(FEB_1, PLANNED_DAYS, 10, module=run.course.modules.get(position=1))


def test_planned_days_apply_to_sign_ups_from_then_on(run: CourseRun) -> None:
    ada = enrolled("Ada", run=run, at=BEFORE)
    longer_first_module(run)
    late_import = enrolled("Bo", run=run, at=BEFORE)
    cleo = enrolled("Cleo", run=run, at=AFTER)

    assert plan(ada) == plan(late_import) == ["m1 01-27", "m2 02-03"]
    # 10 days, then 10 + 7
    assert plan(cleo) == ["m1 02-20", "m2 02-27"]


def test_the_completion_window_does_not_follow_planned_days(run: CourseRun) -> None:
    longer_first_module(run)
    set_at(FEB_1, DEADLINE_EXTENSION, 5, course=run.course)

    # 42 days after 10 February: a measure, which no curriculum parameter moves
    assert due(enrolled(run=run, at=AFTER)) == "03-24"


def test_a_run_s_own_planned_days_hold_for_modules_without_any(run: CourseRun) -> None:
    longer_first_module(run)
    set_at(FEB_1, PLANNED_DAYS, 3, run=run)

    assert plan(enrolled(run=run, at=AFTER)) == ["m1 02-20", "m2 02-23"]
    other = enrolled("Bo", run=run_of(run.course, "r2"), at=AFTER)
    assert plan(other) == ["m1 02-20", "m2 02-27"]


def test_a_deadline_extension_moves_each_module_but_not_those_after_it(run: CourseRun) -> None:
    set_at(FEB_1, DEADLINE_EXTENSION, 5, module=run.course.modules.get(position=1))

    assert plan(enrolled(run=run, at=AFTER)) == ["m1 02-22", "m2 02-24"]


def test_a_date_of_the_timetable_is_extended(run: CourseRun) -> None:
    first = run.course.modules.get(position=1)
    RunModule.objects.create(run=run, module=first, due_on=moment("2026-03-01").date())
    set_at(FEB_1, DEADLINE_EXTENSION, 5)
    set_at(FEB_1, PLANNED_DAYS, 20, module=first)

    # the end of 1 March and 5 days; 20 + 7 + 5 days after 10 February
    assert plan(enrolled(run=run, at=AFTER)) == ["m1 03-07", "m2 03-14"]


def test_a_change_that_begins_later_applies_to_later_sign_ups(run: CourseRun) -> None:
    with patch("django.utils.timezone.now", return_value=BEFORE):
        row = parameters.parameter_for(PLANNED_DAYS, module=run.course.modules.get(position=1))
        parameters.set_value(row, Decimal(10), reason="Soon.", effective_from=FEB_1)

    assert plan(enrolled("Ada", run=run, at=BEFORE))[0] == "m1 01-27"
    # at the moment itself, the new value applies
    assert plan(enrolled("Bo", run=run, at=FEB_1))[0] == "m1 02-11"


def sign_up(enrollment: Any, at: datetime) -> None:
    one = SignUp(learner_id=enrollment.learner_id, run_id=enrollment.run_id, enrolled_at=at)
    enrolling.enroll([one])


def test_an_earlier_sign_up_that_arrives_late_brings_its_planned_days(run: CourseRun) -> None:
    longer_first_module(run)
    set_at(FEB_1, DEADLINE_EXTENSION, 5)
    ada = enrolled("Ada", run=run, at=AFTER)
    assert plan(ada) == ["m1 02-25", "m2 03-04"]
    sign_up(ada, BEFORE)

    assert plan(ada) == ["m1 01-27", "m2 02-03"]


def test_an_extended_date_of_the_timetable_follows_the_sign_up_that_counts(run: CourseRun) -> None:
    first = run.course.modules.get(position=1)
    RunModule.objects.create(run=run, module=first, due_on=moment("2026-03-01").date())
    set_at(FEB_1, DEADLINE_EXTENSION, 5)
    ada = enrolled("Ada", run=run, at=AFTER)
    sign_up(ada, BEFORE)

    assert plan(ada)[0] == "m1 03-02"


@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_an_extension_keeps_the_hour_across_a_clock_change(run: CourseRun) -> None:
    set_at(FEB_1, DEADLINE_EXTENSION, 5)
    ada = enrolled("Ada", run=run, at=moment("2026-03-20T09:00"))
    first = ada.plan.get(position=1)

    # 10:00 in Berlin on 20 March and on 1 April, when it is 08:00 in UTC
    assert first.due_at == moment("2026-04-01T08:00")
