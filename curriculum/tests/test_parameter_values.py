from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.people import course, learner, moment, run_of
from curriculum import parameters
from curriculum.models import Course, CourseRun, Learner, Module, ParameterChange
from curriculum.parameter_definitions import WINDOW_FACTOR
from curriculum.parameters import (
    ARMS,
    DECLARED,
    Arms,
    ParameterHistory,
    ParameterScope,
    Question,
    effective,
    effective_values,
)
from curriculum.tests.enrolled import enrolled
from curriculum.tests.patience import KEY, PATIENCE

pytestmark = pytest.mark.django_db

JAN, FEB, MAR, APR, MAY = (moment(f"2026-0{month}-01") for month in range(1, 6))


@dataclass
class School:
    course: Course
    run: CourseRun
    module: Module
    ada: Learner

    def value(self, at: datetime, **where: Any) -> Decimal:
        return effective([KEY], at=at, **where)[KEY]


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> School:
    monkeypatch.setitem(DECLARED, KEY, PATIENCE)
    parameters.create_missing()
    made = course(modules=1)
    return School(made, run_of(made), made.modules.get(), learner("Ada"))


def set_at(
    at: datetime, to: int, *, effective_from: datetime | None = None, **scope: Any
) -> ParameterChange:
    """Set a value on a day, for the site or one scope."""
    with patch("django.utils.timezone.now", return_value=at):
        change = parameters.set_value(
            parameters.parameter_for(KEY, **scope),
            Decimal(to),
            reason="A test.",
            effective_from=effective_from,
        )
    assert change is not None
    return change


def test_the_narrowest_scope_with_a_value_wins(school: School) -> None:
    set_at(JAN, 4)
    assert school.value(MAY, module=school.module, run=school.run) == 4

    set_at(JAN, 5, course=school.course)
    assert school.value(MAY, module=school.module, run=school.run) == 5

    set_at(JAN, 6, run=school.run)
    assert school.value(MAY, module=school.module, run=school.run) == 6
    assert school.value(MAY, module=school.module) == 5

    set_at(JAN, 7, module=school.module)
    assert school.value(MAY, module=school.module, run=school.run) == 7
    assert school.value(MAY, run=school.run) == 6


def test_a_scope_inherits_until_its_first_change(school: School) -> None:
    set_at(FEB, 5)
    set_at(MAR, 8, course=school.course)

    values = [school.value(at, course=school.course) for at in (JAN, FEB, MAR)]
    assert values == [3, 5, 8]


def test_a_mere_row_does_not_stop_a_scope_from_inheriting(school: School) -> None:
    own = parameters.parameter_for(KEY, module=school.module)
    change = parameters.propose(own, Decimal(6), reason="More.")
    parameters.reject(change)
    set_at(FEB, 5)

    assert school.value(MAR, module=school.module) == 5


def test_a_scope_keeps_an_own_value_that_equals_the_inherited_one(school: School) -> None:
    set_at(JAN, 3, course=school.course)
    set_at(FEB, 5)

    assert school.value(MAR, course=school.course) == 3


def test_a_run_of_another_course_is_an_error(school: School) -> None:
    with pytest.raises(ValidationError, match="belongs to another course"):
        school.value(MAR, run=run_of(course("sql")), module=school.module)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        effective(["test.nothing"], at=MAR)


def test_a_change_applies_from_its_own_moment(school: School) -> None:
    set_at(JAN, 5, effective_from=MAR)

    assert [school.value(at) for at in (JAN, FEB, MAR, APR)] == [3, 3, 5, 5]


def test_changes_apply_in_the_order_of_their_moments(school: School) -> None:
    set_at(JAN, 5, effective_from=APR)
    set_at(FEB, 7, effective_from=MAR)

    assert [school.value(at) for at in (FEB, MAR, APR)] == [3, 7, 5]


def test_the_row_holds_the_value_that_stays(school: School) -> None:
    set_at(JAN, 5, effective_from=APR)
    set_at(FEB, 7, effective_from=MAR)

    assert parameters.parameter_for(KEY).value == 5


def test_a_proposal_can_be_applied_from_a_later_moment(school: School) -> None:
    proposed = parameters.propose(parameters.parameter_for(KEY), Decimal(5), reason="More.")
    later = timezone.now() + timedelta(days=7)
    parameters.apply(proposed, effective_from=later)

    assert school.value(later - timedelta(hours=1)) == 3
    assert school.value(later) == 5


def test_a_change_that_is_reverted_before_it_begins_never_applies(school: School) -> None:
    change = set_at(JAN, 5, effective_from=APR)
    with patch("django.utils.timezone.now", return_value=FEB):
        parameters.revert(change, reason="Harm.")

    assert [school.value(at) for at in (FEB, APR, MAY)] == [3, 3, 3]


def test_a_revert_returns_to_the_value_that_applied_before(school: School) -> None:
    change = set_at(JAN, 5, effective_from=APR)
    set_at(FEB, 7, effective_from=MAR)
    with patch("django.utils.timezone.now", return_value=MAY):
        parameters.revert(change, reason="Harm.")

    assert [school.value(at) for at in (MAR, APR, MAY)] == [7, 5, 7]


def test_a_change_may_begin_in_the_past_while_nobody_is_enrolled(school: School) -> None:
    set_at(MAY, 5, effective_from=FEB)

    assert [school.value(at) for at in (JAN, FEB)] == [3, 5]


def test_a_change_begins_now_at_the_earliest_once_a_learner_is_enrolled(school: School) -> None:
    enrolled("Bo", run=school.run)

    with pytest.raises(ValidationError, match="cannot apply from a moment in the past"):
        set_at(MAY, 5, effective_from=FEB)
    set_at(MAY, 5, effective_from=FEB, course=course("sql"))


def question(at: datetime, of: School, **more: Any) -> Question:
    return Question(key=KEY, at=at, scope=ParameterScope.of(run=of.run, **more))


def queries_for(questions: Collection[Question]) -> int:
    with CaptureQueriesContext(connection) as queries:
        effective_values(questions)
    return len(queries)


def test_many_values_need_as_many_queries_as_one(school: School) -> None:
    many = [question(JAN + timedelta(days=day), school) for day in range(100)]
    for number in range(20):
        run = run_of(course(f"c{number}"))
        set_at(FEB, number % 9 + 1, course=run.course)
        many += [Question(key=KEY, at=at, scope=ParameterScope.of(run=run)) for at in (JAN, MAY)]

    assert (queries_for(many[:1]), queries_for(many)) == (2, 2)
    values = effective_values(many)
    # the last two courses: 18 % 9 + 1 and 19 % 9 + 1 from February on
    assert [values[one] for one in many[-4:]] == [3, 1, 3, 2]


def test_a_history_of_the_whole_site_knows_runs_and_modules(school: School) -> None:
    set_at(FEB, 6, run=school.run)
    set_at(FEB, 7, module=school.module)
    history = ParameterHistory([KEY])

    assert history.value(KEY, MAR, run_id=school.run.pk) == 6
    assert history.value(KEY, MAR, run_id=school.run.pk, module_id=school.module.pk) == 7
    assert history.value(KEY, MAR, course_id=school.course.pk) == 3


def test_without_experiments_a_learner_gets_the_value_of_the_scope(school: School) -> None:
    set_at(FEB, 6, run=school.run)

    assert school.value(MAR, run=school.run, learner=school.ada) == 6


def test_an_arm_s_value_overrides_every_scope(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = learner("Bo")
    set_at(JAN, 7, module=school.module)

    def arm(questions: Collection[Question]) -> dict[Question, Decimal]:
        return {one: Decimal(9) for one in questions if one.learner_id == school.ada.pk}

    monkeypatch.setitem(ARMS, "experiments", Arms(lambda: [KEY, WINDOW_FACTOR], arm))
    assert school.value(MAR, module=school.module, learner=school.ada) == 9
    assert school.value(MAR, module=school.module, learner=bo) == 7
    assert school.value(MAR, module=school.module) == 7


def test_arms_are_not_asked_about_measurement_settings(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def arm(questions: Collection[Question]) -> dict[Question, Decimal]:
        asked.extend(one.key for one in questions)
        return {}

    monkeypatch.setitem(ARMS, "experiments", Arms(lambda: [KEY, WINDOW_FACTOR], arm))
    effective([KEY, WINDOW_FACTOR], at=MAR, learner=school.ada)

    assert asked == [KEY]


def test_an_arm_cannot_override_a_measurement_setting(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arm(questions: Collection[Question]) -> dict[Question, Decimal]:
        (one,) = questions
        own = Question(key=WINDOW_FACTOR, at=one.at, scope=one.scope, learner_id=one.learner_id)
        return {own: Decimal(3)}

    monkeypatch.setitem(ARMS, "experiments", Arms(lambda: [KEY, WINDOW_FACTOR], arm))
    with pytest.raises(ValueError, match=r"may not override completion\.window-factor"):
        effective([KEY, WINDOW_FACTOR], at=MAR, learner=school.ada)
