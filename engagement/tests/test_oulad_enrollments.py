"""Registrations, results and plans: the presentation begins on 1 October 2013, day 0."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from accounts.tests.people import moment
from curriculum.models import CourseRun, Learner, Module
from engagement.models import LearningObject
from engagement.tests.oulad_sample import AAA, ADA, BO, CLEO, Sample, enrollment, imported, small

pytestmark = pytest.mark.django_db


def ada(folder: Path, **registration: Any) -> Any:
    sample = Sample()
    sample.course()
    sample.student(ADA, **registration)
    imported(sample, folder)
    return enrollment(ADA)


def test_a_presentation_is_a_run_of_its_course(tmp_path: Path) -> None:
    imported(small(), tmp_path)
    run = CourseRun.objects.get(course__key="AAA", key="2013J")

    assert (run.starts_on, run.ends_on, run.nominal_days) == (
        date(2013, 10, 1),
        date(2014, 6, 26),
        268,
    )


def test_the_letter_b_means_a_start_in_february(tmp_path: Path) -> None:
    sample = small()
    sample.course(("AAA", "2014B"), days=234)
    imported(sample, tmp_path)

    assert CourseRun.objects.get(key="2014B").starts_on == date(2014, 2, 1)


def test_an_early_registration_starts_with_the_presentation(tmp_path: Path) -> None:
    one = ada(tmp_path, registered=-10)

    assert (one.enrolled_at, one.started_at) == (moment("2013-09-21"), moment("2013-10-01"))
    # 268 days × 1.5 = 402 days
    assert one.due_at == moment("2014-11-07")


def test_a_late_registration_starts_at_once(tmp_path: Path) -> None:
    one = ada(tmp_path, registered=5)

    assert (one.started_at, one.cutoff_at) == (moment("2013-10-06"), moment("2013-10-13"))


def test_a_registration_without_a_day_counts_from_the_start(tmp_path: Path) -> None:
    assert ada(tmp_path, registered="").enrolled_at == moment("2013-10-01")


def test_days_are_in_the_reporting_time_zone(tmp_path: Path) -> None:
    with override_settings(KPI_TIME_ZONE="Europe/London"):
        one = ada(tmp_path)

    # British summer time
    assert one.started_at == moment("2013-09-30T23:00")


@pytest.mark.parametrize(("left", "is_cancelled"), [(-3, True), (6, True), (7, False), ("", False)])
def test_leaving_before_the_cutoff_cancels_the_enrollment(
    tmp_path: Path, left: Any, is_cancelled: bool
) -> None:
    assert ada(tmp_path, left=left, result="Withdrawn").is_cancelled is (is_cancelled)


def test_a_withdrawal_without_a_day_counts_at_the_end(tmp_path: Path) -> None:
    # day 267 is the last
    assert ada(tmp_path, result="Withdrawn").withdrawn_at == moment("2014-06-25T12:00")


@pytest.mark.parametrize("result", ["Pass", "Distinction"])
def test_passing_completes_the_course_at_the_end(tmp_path: Path, result: str) -> None:
    one = ada(tmp_path, result=result)

    assert (one.completed_at, one.completed_by_sender) == (moment("2014-06-25T12:00"), True)


def test_failing_does_not_complete_the_course(tmp_path: Path) -> None:
    assert ada(tmp_path, result="Fail").completed_at is None


def test_a_withdrawal_day_and_another_result_are_both_kept(tmp_path: Path) -> None:
    one = ada(tmp_path, left=40, result="Pass")

    assert (one.withdrawn_at, one.completed_at) == (
        moment("2013-11-10T12:00"),
        moment("2014-06-25T12:00"),
    )


def test_invalid_registrations_are_rejected_and_reported(tmp_path: Path) -> None:
    sample = small()
    sample.student(ADA)
    sample.student(CLEO, codes=("AAA", "2099X"))
    sample.student(CLEO, registered=99999)
    report = imported(sample, tmp_path)

    assert report["studentRegistration.csv"]["rejected"] == {
        "registered twice": 1,
        "unknown presentation": 1,
        "day out of range": 1,
    }
    assert not Learner.objects.filter(key=f"oulad-{CLEO}").exists()


def test_results_without_a_registration_are_rejected_and_reported(tmp_path: Path) -> None:
    sample = small()
    sample.student(CLEO, registered=99999)
    sample.student(BO, result="Vanished")
    report = imported(sample, tmp_path)

    assert report["studentInfo.csv"] == {
        "read": 4,
        "imported": 2,
        "rejected": {"not registered in this presentation": 1, "unknown final result": 1},
        "noted": {},
        "seconds": report["studentInfo.csv"]["seconds"],
    }


def plan_of(student: int) -> list[tuple[str, int, bool, datetime | None]]:
    lines = enrollment(student).plan.select_related("module")
    return [(one.module.key, one.position, one.is_required, one.due_at) for one in lines]


def test_an_assessment_is_a_module_due_at_the_end_of_its_day(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(4, BO, 260)
    imported(sample, tmp_path)

    assert plan_of(ADA) == [
        ("TMA-1", 1, True, moment("2013-10-21")),
        # without weight it is practice
        ("CMA-1", 2, False, moment("2013-11-25")),
        ("TMA-2", 3, True, moment("2013-11-25")),
        # an exam without a day closes the presentation
        ("Exam-1", 4, True, moment("2014-06-26")),
    ]


def test_an_exam_without_submissions_is_on_no_plan(tmp_path: Path) -> None:
    imported(small(), tmp_path)

    assert [line[0] for line in plan_of(ADA)] == ["TMA-1", "CMA-1", "TMA-2"]
    assert not Module.objects.get(key="Exam-1").is_required


def test_presentations_share_modules_but_have_their_own_due_dates(tmp_path: Path) -> None:
    sample, second = small(), ("AAA", "2014J")
    sample.course(second)
    sample.assessment(21, "TMA", 26, codes=second)
    sample.student(CLEO, codes=second)
    imported(sample, tmp_path)

    assert Module.objects.filter(key="TMA-1").count() == 1
    cleos = enrollment(CLEO, second).plan.get()
    assert (cleos.module.key, cleos.due_at) == ("TMA-1", moment("2014-10-28"))


def test_a_computer_marked_assignment_is_also_a_quiz(tmp_path: Path) -> None:
    imported(small(), tmp_path)
    rows = LearningObject.objects.filter(key="2").values_list("kind", "module__key", "pass_mark")

    assert sorted(rows) == [("assessment", "CMA-1", 0.4), ("quiz", "CMA-1", 0.4)]


def test_invalid_assessments_are_rejected_and_reported(tmp_path: Path) -> None:
    sample = small()
    sample.assessment(1, "TMA", 20)
    sample.assessment(7, "Duel", 20)
    sample.assessment(8, "TMA", 99999)
    sample.assessment(9, "TMA", 20, codes=("ZZZ", "2013J"))
    report = imported(sample, tmp_path)

    assert report["assessments.csv"]["rejected"] == {
        "assessment listed twice": 1,
        "unknown assessment type": 1,
        "due day out of range": 1,
        "unknown presentation": 1,
    }


def test_invalid_presentations_are_rejected_and_reported(tmp_path: Path) -> None:
    sample = small()
    sample.course()
    sample.course(("AAA", "2013X"))
    sample.course(("AAA", "2013B"), days=0)
    report = imported(sample, tmp_path)

    assert report["courses.csv"]["rejected"] == {
        "presentation listed twice": 1,
        "presentation code is not a year with B or J": 1,
        "length out of range": 1,
    }
    assert [str(key) for key in CourseRun.objects.values_list("key", flat=True)] == [AAA[1]]
