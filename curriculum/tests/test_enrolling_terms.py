"""An enrollment gets the cut-off and the due date of its own moment, whenever it arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.tests.people import course, learner, moment, run_of
from curriculum import enrolling, parameters
from curriculum.enrolling import SignUp, enroll
from curriculum.models import Course, CourseRun, Enrollment, Learner, PlannedModule
from curriculum.parameter_definitions import (
    DEADLINE_EXTENSION,
    PLANNED_DAYS,
    REFUND_CUTOFF,
    WINDOW_FACTOR,
)
from curriculum.tests.enrolled import JAN_5, due, enrolled, plan
from curriculum.tests.histories import HISTORIES

pytestmark = pytest.mark.django_db

FEB_1 = moment("2026-02-01")
BEFORE, AFTER = moment("2026-01-20"), moment("2026-02-10")


def set_at(at: datetime, key: str, to: str, **scope: Any) -> None:
    with patch("django.utils.timezone.now", return_value=at):
        row = parameters.parameter_for(key, **scope)
        parameters.set_value(row, Decimal(to), reason="A test.")


@pytest.fixture
def _changed_in_february() -> None:
    """Double the window and shorten the cut-off on 1 February."""
    set_at(FEB_1, WINDOW_FACTOR, "3")
    set_at(FEB_1, REFUND_CUTOFF, "3")


def dates(enrollment: Enrollment) -> list[str]:
    enrollment.refresh_from_db()
    moments = (enrollment.started_at, enrollment.cutoff_at, enrollment.due_at)
    return [f"{at:%m-%d}" if at else "open" for at in moments]


def test_an_enrollment_of_2024_gets_the_window_of_2024() -> None:
    parameters.set_value(parameters.parameter_for(WINDOW_FACTOR), Decimal(3), reason="Longer.")
    old = enrolled(at=moment("2024-03-04"))

    assert old.due_at
    # 28 days × 1.5, not × 3
    assert old.due_at - old.started_at == timedelta(days=42)


@pytest.mark.usefixtures("_changed_in_february")
def test_sign_ups_of_one_batch_get_the_values_of_their_moments() -> None:
    run = run_of(course())
    ada, bo = learner("Ada"), learner("Bo")
    batch = [
        SignUp(learner_id=ada.pk, run_id=run.pk, enrolled_at=BEFORE),
        SignUp(learner_id=bo.pk, run_id=run.pk, enrolled_at=AFTER),
    ]

    # 7 and 42 days; 3 and 84 days
    assert [dates(one) for one in enroll(batch)] == [
        ["01-20", "01-27", "03-03"],
        ["02-10", "02-13", "05-05"],
    ]


@pytest.mark.usefixtures("_changed_in_february")
def test_the_sign_up_decides_and_not_the_start_of_the_run() -> None:
    made = course(modules=2)
    run = CourseRun.objects.create(course=made, key="march", starts_on=moment("2026-03-01"))

    # 1 March and 7 and 42 days, as on 20 January
    assert dates(enrolled(run=run, at=BEFORE)) == ["03-01", "03-08", "04-12"]


def test_a_value_of_the_run_overrides_that_of_its_course() -> None:
    made = course(modules=2)
    run, other = run_of(made), run_of(made, "r2")
    set_at(moment("2026-01-01"), WINDOW_FACTOR, "2", course=made)
    set_at(moment("2026-01-01"), WINDOW_FACTOR, "3", run=run)

    # 84 days and 56 days
    assert due(enrolled("Ada", run=run)) == "03-30"
    assert due(enrolled("Bo", run=other)) == "03-02"


def sign_up_at(who: Learner, run: CourseRun, at: datetime) -> None:
    enroll([SignUp(learner_id=who.pk, run_id=run.pk, enrolled_at=at)], by_event=True)


def withdraw_at(who: Learner, run: CourseRun, at: datetime) -> None:
    enrolling.withdraw([(Enrollment.objects.get(learner=who, run=run).pk, at)], by_event=True)


@pytest.mark.usefixtures("_changed_in_february")
def test_an_earlier_sign_up_that_arrives_late_brings_its_own_values() -> None:
    ada = enrolled(at=AFTER)
    sign_up_at(ada.learner, ada.run, BEFORE)

    assert dates(ada) == ["01-20", "01-27", "03-03"]
    assert plan(ada) == ["m1 01-27", "m2 02-03"]


@pytest.mark.usefixtures("_changed_in_february")
def test_a_return_after_a_cancellation_brings_its_own_values() -> None:
    ada = enrolled(at=BEFORE)
    withdraw_at(ada.learner, ada.run, moment("2026-01-22"))
    sign_up_at(ada.learner, ada.run, AFTER)

    assert dates(ada) == ["02-10", "02-13", "05-05"]
    assert ada.is_cancelled is False


@pytest.mark.usefixtures("_changed_in_february")
def test_an_edit_of_the_course_s_length_does_not_come_with_another_sign_up() -> None:
    ada = enrolled(at=AFTER)
    Course.objects.update(nominal_days=100)
    sign_up_at(ada.learner, ada.run, BEFORE)

    assert dates(ada) == ["01-20", "01-27", "03-03"]


Step = tuple[Callable[[Learner, CourseRun, datetime], None], datetime]

# a sign-up, a withdrawal and a sign-up, the dates that follow, and whether it is canceled
STORIES = {
    # 25 January is within the 7 days of 20 January, and would not be within 3
    "cancels and returns": ((BEFORE, "01-25", AFTER), ["02-10", "02-13", "05-05"], False),
    "withdraws and returns": ((BEFORE, "01-28", AFTER), ["01-20", "01-27", "03-03"], False),
    # 14 February is after the 3 days of 10 February, and would be within 7
    "withdraws": ((AFTER, "02-14", AFTER), ["02-10", "02-13", "05-05"], False),
    "cancels": ((AFTER, "02-12", AFTER), ["02-10", "02-13", "05-05"], True),
}
# an event about an unknown enrollment waits for a sign-up
ORDERS = [one for one in permutations(range(3)) if one[0] != 1]


@pytest.mark.usefixtures("_changed_in_february")
@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("story", STORIES)
def test_the_dates_do_not_depend_on_the_order_of_arrival(story: str, order: Sequence[int]) -> None:
    (first, left, second), expected, is_cancelled = STORIES[story]
    ada, run = learner("Ada"), run_of(course(modules=2))
    withdrawal: Step = (withdraw_at, moment(f"2026-{left}"))
    steps: list[Step] = [(sign_up_at, first), withdrawal, (sign_up_at, second)]
    for index in order:
        step, at = steps[index]
        step(ada, run, at)
    one = Enrollment.objects.get()

    assert (dates(one), one.is_cancelled) == (expected, is_cancelled)


DAYS = st.integers(0, 60).map(lambda day: moment("2026-01-05") + timedelta(days=day))
STEPS = st.tuples(st.sampled_from([sign_up_at, sign_up_at, withdraw_at]), DAYS)


def changed_every_fortnight(run: CourseRun) -> None:
    module = run.course.modules.get(position=1)
    for day, factor, cutoff in ((10, "1.1", "20"), (24, "2.9", "3"), (38, "1.3", "0")):
        set_at(moment("2026-01-05") + timedelta(days=day), WINDOW_FACTOR, factor)
        set_at(moment("2026-01-05") + timedelta(days=day), REFUND_CUTOFF, cutoff)
        set_at(moment("2026-01-05") + timedelta(days=day), PLANNED_DAYS, f"{day}", module=module)
    set_at(moment("2026-02-01"), DEADLINE_EXTENSION, "5")
    set_at(moment("2026-01-20"), PLANNED_DAYS, "9", run=run)


def rows_after(steps: Sequence[Step]) -> dict[str, Any]:
    """Return the enrollment and its plan after these steps, of which a sign-up is the first."""
    with transaction.atomic():
        ada, run = learner("Ada"), run_of(course(modules=2, nominal_days=29))
        changed_every_fortnight(run)
        sign_ups = [one for one in steps if one[0] is sign_up_at]
        for step, at in [*sign_ups[:1], *steps]:
            step(ada, run, at)
        names = ("enrolled_at", "started_at", "cutoff_at", "planned_due_at", "withdrawn_at")
        found: dict[str, Any] = dict(Enrollment.objects.values(*names).get())
        found["plan"] = list(PlannedModule.objects.values_list("module__key", "planned_due_at"))
        transaction.set_rollback(True)
    return found


@HISTORIES
@given(st.tuples(st.just(sign_up_at), DAYS), st.lists(STEPS, max_size=6), st.data())
@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_shuffled_sign_ups_around_changes_give_the_same_plan(
    sign_up: Step, steps: list[Step], data: Any
) -> None:
    story = [sign_up, *steps]

    assert rows_after(data.draw(st.permutations(story))) == rows_after(story)


def queries_to_enroll(name: str, runs: Sequence[CourseRun], count: int) -> int:
    """Enroll learners and count the queries; those of the apps above do not matter here."""
    learners = [learner(f"{name}{number}") for number in range(count)]
    batch = [
        SignUp(
            learner_id=one.pk,
            run_id=runs[number % len(runs)].pk,
            enrolled_at=JAN_5 + timedelta(hours=number),
        )
        for number, one in enumerate(learners)
    ]
    with CaptureQueriesContext(connection) as queries:
        assert len(enroll(batch)) == count
    return sum("curriculum_" in one["sql"] for one in queries.captured_queries)


@pytest.mark.usefixtures("_changed_in_february")
def test_many_learners_in_many_runs_need_as_many_queries_as_few() -> None:
    runs = [run_of(course(f"c{number}", modules=2)) for number in range(25)]
    set_at(FEB_1, WINDOW_FACTOR, "2", run=runs[0])

    queries_to_enroll("first", runs[:1], 1)  # learns which experiments there are
    assert queries_to_enroll("few", runs[:2], 2) == queries_to_enroll("many", runs, 500)


@pytest.mark.usefixtures("_changed_in_february")
def test_values_are_read_only_when_a_sign_up_moves() -> None:
    ada = enrolled(at=AFTER)
    with CaptureQueriesContext(connection) as queries:
        enrolling.complete([(ada.pk, moment("2026-03-01"))])

    assert not [one for one in queries.captured_queries if "curriculum_parameter" in one["sql"]]
