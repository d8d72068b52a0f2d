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
from engagement.tests.oulad_cut import ADA, BO, CLEO, small, taken_in
from intake.models import ImportRun
from kpis.models import DataFreshness, Measurement
from kpis.recompute import stale_periods

pytestmark = pytest.mark.django_db


def test_a_score_is_a_result_of_the_day_it_was_handed_in(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(1, ADA, 18, 78)
    taken_in(cut, tmp_path)
    result = AssessmentResult.objects.get()

    assert (result.enrollment.learner.key, result.assessment.key) == ("oulad-11", "1")
    assert (result.attempt, result.score) == (1, 0.78)
    assert result.graded_at == moment("2013-10-19T12:00")


def test_without_a_score_it_is_handed_in_all_the_same(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(1, ADA, 18, "")
    report = taken_in(cut, tmp_path)

    assert report["studentAssessment.csv"]["refused"] == {"no score, counted as handed in only": 1}
    assert not AssessmentResult.objects.exists()
    assert ModuleProgress.objects.get().done_at == moment("2013-10-19T12:00")


def test_question_marks_are_missing_values_too(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(1, ADA, 18, "?")

    assert taken_in(cut, tmp_path)["studentAssessment.csv"]["taken"] == 0


def test_submissions_that_cannot_be_are_refused_and_told(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(1, ADA, 18)
    cut.handed_in(1, ADA, 19)
    cut.handed_in(1, CLEO, 18)
    cut.handed_in(999, ADA, 18)
    cut.handed_in(3, ADA, 99999)
    cut.handed_in(2, ADA, 18, 101)
    cut.handed_in(2, BO, 18, "nan")
    report = taken_in(cut, tmp_path)["studentAssessment.csv"]

    assert (report["read"], report["taken"]) == (7, 1)
    assert report["refused"] == {
        "handed in twice": 1,
        "not registered in this presentation": 1,
        "no such assessment": 1,
        "day out of range": 1,
        "score not from 0 to 100, counted as handed in only": 2,
    }


def test_a_computer_marked_assignment_handed_in_is_a_quiz_tried(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(1, ADA, 18)
    cut.handed_in(2, ADA, 50)
    taken_in(cut, tmp_path)

    assert QuizAttempt.objects.values_list("quiz__key", "attempted_at").get() == (
        "2",
        moment("2013-11-20T12:00"),
    )


def test_a_module_is_reached_by_what_is_handed_in_there_or_later(tmp_path: Path) -> None:
    cut = small()
    # the first essay comes after the second: on the plan stand TMA-1, CMA-1, TMA-2
    cut.handed_in(3, ADA, 40)
    cut.handed_in(1, ADA, 45)
    taken_in(cut, tmp_path)
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


def test_clicks_add_up_by_day_and_by_what_the_page_is_for(tmp_path: Path) -> None:
    cut = small()
    cut.clicked(ADA, 100, 3, 5)
    cut.clicked(ADA, 101, 3, 2)
    cut.clicked(ADA, 102, 3, 4)
    cut.clicked(ADA, 103, 3, 1)
    taken_in(cut, tmp_path)

    # forum and home page are clicks, and no more than that
    assert activity() == [(date(2013, 10, 4), 12, 5, 4, 5)]


def test_exact_duplicates_add_up(tmp_path: Path) -> None:
    cut = small()
    for _ in range(2):
        cut.clicked(ADA, 102, 3, 4)
    taken_in(cut, tmp_path)

    assert activity() == [(date(2013, 10, 4), 8, 0, 8, 0)]


def test_days_before_the_start_are_kept(tmp_path: Path) -> None:
    cut = small()
    cut.clicked(ADA, 102, -10)
    taken_in(cut, tmp_path)

    assert activity() == [(date(2013, 9, 21), 1, 0, 1, 0)]


def test_clicks_that_cannot_be_are_refused_and_told(tmp_path: Path) -> None:
    cut = small()
    cut.clicked(ADA, 102, 3)
    cut.clicked(CLEO, 102, 3)
    cut.clicked(ADA, 102, 3, place=("ZZZ", "2013J"))
    cut.clicked(ADA, 102, 99999)
    cut.clicked(ADA, 102, 3, -1)
    report = taken_in(cut, tmp_path)

    assert report["studentVle.csv"]["refused"] == {
        "no such presentation": 1,
        "day or number of clicks out of range": 2,
        "not registered in this presentation": 1,
    }
    assert activity() == [(date(2013, 10, 4), 1, 0, 1, 0)]


def test_pages_that_nobody_knows_count_as_clicks_only(tmp_path: Path) -> None:
    cut = small()
    cut.page(200, "hologram")
    cut.clicked(ADA, 200, 3)
    cut.clicked(ADA, 300, 3)
    report = taken_in(cut, tmp_path)

    assert activity() == [(date(2013, 10, 4), 2, 0, 0, 0)]
    assert report["vle.csv"]["noted"] == {
        "unknown activity type hologram, counts as a click only": 1
    }
    assert report["studentVle.csv"]["noted"] == {"page not listed, counts as a click only": 1}


def test_a_week_is_productive_by_one_answer(tmp_path: Path) -> None:
    cut = small()
    # Sunday the 6th, Monday the 7th, Tuesday the 8th
    cut.clicked(ADA, 102, 5)
    cut.clicked(ADA, 102, 6)
    cut.clicked(ADA, 100, 7)
    cut.clicked(BO, 102, 7)
    taken_in(cut, tmp_path)
    rows = WeekPresence.objects.order_by("enrollment_id", "week")

    assert list(rows.values_list("enrollment__learner__key", "week", "is_productive")) == [
        ("oulad-11", date(2013, 9, 30), False),
        ("oulad-11", date(2013, 10, 7), True),
        ("oulad-12", date(2013, 10, 7), False),
    ]


def test_what_is_imported_is_measured(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(1, ADA, 18, 78)
    taken_in(cut, tmp_path)
    cell = Measurement.objects.get(
        kpi="engagement.progress-velocity",
        scope="run",
        period_kind="month",
        period_start="2013-10-01",
    )

    # of Ada and Bo, each due with 120 minutes, Ada has handed in
    assert (cell.total, cell.weight) == (120, 240)
    assert not stale_periods.is_anything_stale()


def test_the_feed_tells_how_far_the_data_reach(tmp_path: Path) -> None:
    cut = small()
    cut.clicked(ADA, 102, 30)
    cut.clicked(ADA, 102, 20)
    taken_in(cut, tmp_path)

    assert DataFreshness.objects.get().data_through == moment("2013-10-31")


def test_deleting_the_import_undoes_its_facts(tmp_path: Path) -> None:
    cut = small()
    cut.handed_in(2, ADA, 18)
    cut.clicked(ADA, 102, 3)
    taken_in(cut, tmp_path)
    ImportRun.objects.get().delete()

    for facts in (AssessmentResult, QuizAttempt, ModuleProgress, DailyActivity):
        assert not facts.objects.exists()
