from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import override_settings

from accounts.tests.people import course, learner, moment, run_of
from curriculum import enrolling, parameters
from curriculum.enrolling import SignUp, enroll
from curriculum.models import Course, CourseRun, Enrollment, Learner, RunModule
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.tests.enrolled import JAN_5, due, enrolled, plan

pytestmark = pytest.mark.django_db


def dated(made: Course, starts_on: str, ends_on: str) -> CourseRun:
    days = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
    return CourseRun.objects.create(course=made, key="dated", starts_on=days[0], ends_on=days[1])


def test_an_enrollment_is_due_after_the_nominal_length_times_the_window() -> None:
    # 5 January and 42 days
    assert due(enrolled()) == "02-16"


@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_every_date_keeps_its_hour_across_a_clock_change() -> None:
    # summer time begins on 29 March; 10:00 in Berlin is 09:00 UTC before it and 08:00 after
    ada = enrolled(at=datetime(2026, 3, 20, 9, tzinfo=UTC))
    ada.refresh_from_db()
    dates = [ada.cutoff_at, *ada.plan.values_list("due_at", flat=True), ada.due_at]

    assert [f"{at:%m-%d %H}" for at in dates if at] == [
        "03-27 09",
        "03-27 09",
        "04-03 08",
        "05-01 08",
    ]


def test_each_module_is_due_after_the_earlier_ones() -> None:
    assert plan(enrolled()) == ["m1 01-12", "m2 01-19"]


def test_the_cut_off_is_a_week_after_the_start() -> None:
    assert enrolled().cutoff_at == moment("2026-01-12")


def test_a_new_enrollment_uses_the_parameters_of_its_course() -> None:
    made = course(modules=1)
    for key, value in ((WINDOW_FACTOR, 2), (REFUND_CUTOFF, 3)):
        own = parameters.parameter_for(key, course=made)
        parameters.set_value(own, Decimal(value), reason="Hard.", effective_from=JAN_5)
    ada = enrolled(run=run_of(made))

    # 5 January and 56 days; 3 days
    assert due(ada) == "03-02"
    assert ada.cutoff_at == moment("2026-01-08")


def test_a_learner_who_signs_up_early_starts_with_the_run() -> None:
    ada = enrolled(run=dated(course(modules=1), "2026-02-01", "2026-03-01"))

    assert ada.started_at == moment("2026-02-01")
    # the run's own 28 days times 1.5
    assert due(ada) == "03-15"


def test_a_learner_who_signs_up_late_starts_at_sign_up() -> None:
    run = dated(course(modules=1), "2026-02-01", "2026-03-01")

    assert enrolled(run=run, at=moment("2026-02-10")).started_at == moment("2026-02-10")


@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_a_run_starts_at_midnight_in_the_provider_s_time_zone() -> None:
    ada = enrolled(run=dated(course(), "2026-02-01", "2026-03-01"))

    assert ada.started_at == moment("2026-01-31T23:00")


def test_a_run_s_timetable_overrides_the_planned_days() -> None:
    made = course(modules=2)
    run = dated(made, "2026-02-01", "2026-03-01")
    second = made.modules.get(key="m2")
    RunModule.objects.create(run=run, module=second, due_on=date(2026, 2, 20))

    # through the 20th; m1 follows its planned week
    assert plan(enrolled(run=run)) == ["m1 02-08", "m2 02-21"]


def test_a_later_edit_of_the_course_does_not_change_the_plan() -> None:
    ada = enrolled()
    made = ada.run.course
    made.modules.filter(key="m2").update(is_required=False, planned_days=1, effort_minutes=5)
    made.modules.create(key="m3", title="Module 3", position=3)
    line = ada.plan.get(position=2)

    assert plan(ada) == ["m1 01-12", "m2 01-19"]
    assert (line.is_required, line.effort_minutes) == (True, 60)


def test_enrolling_twice_has_no_effect() -> None:
    run = run_of(course(modules=2))
    ada = enrolled(run=run)
    again = SignUp(learner_id=ada.learner_id, run_id=run.pk, enrolled_at=moment("2026-06-01"))

    assert enroll([again]) == []
    assert due(ada) == "02-16"
    assert plan(ada) == ["m1 01-12", "m2 01-19"]


def test_a_batch_enrolls_each_learner_once() -> None:
    ada, bo, run = learner("Ada"), learner("Bo"), run_of(course(modules=2))
    batch = [SignUp(learner_id=who.pk, run_id=run.pk, enrolled_at=JAN_5) for who in (ada, bo, ada)]

    assert len(enroll(batch)) == 2
    assert run.enrollments.count() == 2


@pytest.mark.parametrize(
    ("left", "cancelled"),
    [("2026-01-11T23:59", True), ("2026-01-12", False), ("2026-01-20", False)],
)
def test_a_withdrawal_before_the_cut_off_cancels(left: str, cancelled: bool) -> None:
    ada = enrolled()
    enrolling.withdraw([(ada.pk, moment(left))])
    ada.refresh_from_db()

    assert ada.is_cancelled is cancelled


def test_canceled_enrollments_and_test_accounts_do_not_count() -> None:
    run = run_of(course(modules=2))
    ada, bo, cleo = (enrolled(name, run=run) for name in ("Ada", "Bo", "Cleo"))
    enrolling.withdraw([(bo.pk, JAN_5)])
    Learner.objects.filter(pk=cleo.learner_id).update(kind=Learner.Kind.TEST)

    assert list(Enrollment.objects.counted()) == [ada]


@pytest.mark.parametrize("order", [("2026-01-20", "2026-01-25"), ("2026-01-25", "2026-01-20")])
def test_the_earlier_of_two_withdrawals_counts(order: tuple[str, str]) -> None:
    ada = enrolled()
    for left in order:
        enrolling.withdraw([(ada.pk, moment(left))])
    ada.refresh_from_db()

    assert ada.withdrawn_at == moment("2026-01-20")


def test_a_completion_reported_by_the_sender_is_flagged() -> None:
    ada, bo = enrolled("Ada"), enrolled("Bo", run=run_of(course("sql")))
    enrolling.complete([(ada.pk, moment("2026-02-01"))], by_sender=True)
    enrolling.complete([(bo.pk, moment("2026-02-01"))])
    ada.refresh_from_db()
    bo.refresh_from_db()

    assert (ada.completed_by_sender, bo.completed_by_sender) == (True, False)
    assert ada.completed_at == bo.completed_at == moment("2026-02-01")


def signed_up(enrollment: Enrollment, at: str) -> None:
    one = SignUp(learner_id=enrollment.learner_id, run_id=enrollment.run_id, enrolled_at=moment(at))
    assert enroll([one]) == []
    enrollment.refresh_from_db()


def test_an_earlier_sign_up_that_arrives_late_moves_all_dates() -> None:
    ada = enrolled()
    signed_up(ada, "2026-01-01")

    assert (ada.started_at, ada.cutoff_at) == (moment("2026-01-01"), moment("2026-01-08"))
    # four days earlier
    assert due(ada) == "02-12"
    assert plan(ada) == ["m1 01-08", "m2 01-15"]


def test_a_return_after_a_cancellation_starts_over() -> None:
    ada = enrolled()
    enrolling.withdraw([(ada.pk, moment("2026-01-07"))])
    signed_up(ada, "2026-03-01")

    assert (ada.is_cancelled, ada.started_at) == (False, moment("2026-03-01"))
    # 1 March and 42 days
    assert due(ada) == "04-12"
    assert plan(ada) == ["m1 03-08", "m2 03-15"]


def test_timetable_dates_stay_when_the_start_moves() -> None:
    made = course(modules=2)
    run = dated(made, "2026-02-01", "2026-03-01")
    RunModule.objects.create(run=run, module=made.modules.get(key="m2"), due_on=date(2026, 2, 20))
    ada = enrolled(run=run, at=moment("2026-02-10"))
    signed_up(ada, "2026-01-20")

    assert plan(ada) == ["m1 02-08", "m2 02-21"]


@override_settings(KPI_TIME_ZONE="Europe/Berlin")
def test_a_start_moved_across_a_clock_change_keeps_its_hour() -> None:
    ada = enrolled(at=datetime(2026, 4, 1, 8, tzinfo=UTC))
    signed_up(ada, "2026-03-20T09:00")

    # 10:00 in Berlin before the change of 29 March and after it
    assert ada.cutoff_at == datetime(2026, 3, 27, 9, tzinfo=UTC)
    assert f"{ada.due_at:%m-%d %H}" == "05-01 08"
