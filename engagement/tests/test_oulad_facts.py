"""Submissions and clicks: the presentation begins on Tuesday, 1 October 2013, day 0."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from accounts.tests.people import moment
from engagement.models import (
    AssessmentResult,
    DailyActivity,
    ModuleProgress,
    QuizAttempt,
    WeekPresence,
)
from engagement.tests.oulad_sample import ADA, BO, CLEO, imported, small
from intake.models import ImportRun
from kpis.models import DataFreshness, Measurement
from kpis.recompute import stale_days

pytestmark = pytest.mark.django_db


def test_a_score_counts_on_the_day_of_submission(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(1, ADA, 18, 78)
    imported(sample, tmp_path)
    result = AssessmentResult.objects.get()

    assert (result.enrollment.learner.key, result.assessment.key) == ("oulad-11", "1")
    assert (result.attempt, result.score) == (1, 0.78)
    assert result.graded_at == moment("2013-10-19T12:00")


def test_a_submission_without_a_score_completes_the_module(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(1, ADA, 18, "")
    report = imported(sample, tmp_path)

    assert report["studentAssessment.csv"]["rejected"] == {"no score, counted as submitted only": 1}
    assert not AssessmentResult.objects.exists()
    assert ModuleProgress.objects.get().done_at == moment("2013-10-19T12:00")


def test_a_question_mark_is_a_missing_value(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(1, ADA, 18, "?")

    assert imported(sample, tmp_path)["studentAssessment.csv"]["imported"] == 0


def test_invalid_submissions_are_rejected_and_reported(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(1, ADA, 18)
    sample.submitted(1, ADA, 19)
    sample.submitted(1, CLEO, 18)
    sample.submitted(999, ADA, 18)
    sample.submitted(3, ADA, 99999)
    sample.submitted(2, ADA, 18, 101)
    sample.submitted(2, BO, 18, "nan")
    report = imported(sample, tmp_path)["studentAssessment.csv"]

    assert (report["read"], report["imported"]) == (7, 1)
    assert report["rejected"] == {
        "submitted twice": 1,
        "not registered in this presentation": 1,
        "unknown assessment": 1,
        "day out of range": 1,
        "score not between 0 and 100, counted as submitted only": 2,
    }


def test_submitting_a_computer_marked_assignment_is_a_quiz_attempt(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(1, ADA, 18)
    sample.submitted(2, ADA, 50)
    imported(sample, tmp_path)

    assert QuizAttempt.objects.values_list("quiz__key", "attempted_at").get() == (
        "2",
        moment("2013-11-20T12:00"),
    )


def test_a_submission_reaches_its_module_and_all_before_it(tmp_path: Path) -> None:
    sample = small()
    # the second essay is submitted before the first; the plan is TMA-1, CMA-1, TMA-2
    sample.submitted(3, ADA, 40)
    sample.submitted(1, ADA, 45)
    imported(sample, tmp_path)
    rows = ModuleProgress.objects.order_by("planned__position")
    second, first = moment("2013-11-10T12:00"), moment("2013-11-15T12:00")

    assert list(rows.values_list("planned__module__key", "reached_at", "done_at")) == [
        ("TMA-1", second, first),
        ("CMA-1", second, None),
        ("TMA-2", second, second),
    ]


def activity() -> list[tuple[Any, ...]]:
    rows = DailyActivity.objects.order_by("enrollment_id", "day")
    return list(rows.values_list("day", "interactions", "productive", "content", "quiz"))


def test_clicks_are_summed_by_day_and_type_of_page(tmp_path: Path) -> None:
    sample = small()
    sample.clicked(ADA, 100, 3, 5)
    sample.clicked(ADA, 101, 3, 2)
    sample.clicked(ADA, 102, 3, 4)
    sample.clicked(ADA, 103, 3, 1)
    imported(sample, tmp_path)

    # clicks in the forum and on the home page are interactions only
    assert activity() == [(date(2013, 10, 4), 12, 5, 4, 5)]


def test_exact_duplicates_are_summed(tmp_path: Path) -> None:
    sample = small()
    for _ in range(2):
        sample.clicked(ADA, 102, 3, 4)
    imported(sample, tmp_path)

    assert activity() == [(date(2013, 10, 4), 8, 0, 8, 0)]


def test_days_before_the_start_are_kept(tmp_path: Path) -> None:
    sample = small()
    sample.clicked(ADA, 102, -10)
    imported(sample, tmp_path)

    assert activity() == [(date(2013, 9, 21), 1, 0, 1, 0)]


def test_invalid_clicks_are_rejected_and_reported(tmp_path: Path) -> None:
    sample = small()
    sample.clicked(ADA, 102, 3)
    sample.clicked(CLEO, 102, 3)
    sample.clicked(ADA, 102, 3, codes=("ZZZ", "2013J"))
    sample.clicked(ADA, 102, 99999)
    sample.clicked(ADA, 102, 3, -1)
    report = imported(sample, tmp_path)

    assert report["studentVle.csv"]["rejected"] == {
        "unknown presentation": 1,
        "day or number of clicks out of range": 2,
        "not registered in this presentation": 1,
    }
    assert activity() == [(date(2013, 10, 4), 1, 0, 1, 0)]


def test_clicks_on_unknown_pages_are_interactions_only(tmp_path: Path) -> None:
    sample = small()
    sample.page(200, "hologram")
    sample.clicked(ADA, 200, 3)
    sample.clicked(ADA, 300, 3)
    report = imported(sample, tmp_path)

    assert activity() == [(date(2013, 10, 4), 2, 0, 0, 0)]
    assert report["vle.csv"]["noted"] == {
        "unknown activity type hologram, counts as a click only": 1
    }
    assert report["studentVle.csv"]["noted"] == {"page not listed, counts as a click only": 1}


def test_one_answer_makes_a_week_productive(tmp_path: Path) -> None:
    sample = small()
    # Sunday the 6th, Monday the 7th, Tuesday the 8th
    sample.clicked(ADA, 102, 5)
    sample.clicked(ADA, 102, 6)
    sample.clicked(ADA, 100, 7)
    sample.clicked(BO, 102, 7)
    imported(sample, tmp_path)
    rows = WeekPresence.objects.order_by("enrollment_id", "week")

    assert list(rows.values_list("enrollment__learner__key", "week", "is_productive")) == [
        ("oulad-11", date(2013, 9, 30), False),
        ("oulad-11", date(2013, 10, 7), True),
        ("oulad-12", date(2013, 10, 7), False),
    ]


def test_an_import_computes_its_kpis(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(1, ADA, 18, 78)
    imported(sample, tmp_path)
    cell = Measurement.objects.get(
        kpi="engagement.progress-velocity",
        scope="run",
        period_kind="month",
        period_start="2013-10-01",
    )

    # of Ada and Bo, each due with 120 minutes, Ada has submitted
    assert (cell.total, cell.weight) == (120, 240)
    assert not stale_days.is_anything_stale()


def test_an_import_updates_the_data_freshness(tmp_path: Path) -> None:
    sample = small()
    sample.clicked(ADA, 102, 30)
    sample.clicked(ADA, 102, 20)
    imported(sample, tmp_path)

    assert DataFreshness.objects.get().data_through == moment("2013-10-31")


def test_deleting_the_import_deletes_its_facts(tmp_path: Path) -> None:
    sample = small()
    sample.submitted(2, ADA, 18)
    sample.clicked(ADA, 102, 3)
    imported(sample, tmp_path)
    ImportRun.objects.get().delete()

    for facts in (AssessmentResult, QuizAttempt, ModuleProgress, DailyActivity):
        assert not facts.objects.exists()
