"""Imported files lead to the same facts as other batches of events."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError

from engagement.models import AssessmentResult, VideoProgress
from intake.tests.csv_files import HEADER, imported, view, written
from intake.tests.lms import school
from kpis.models import StaleDay
from kpis.tests.stale import marked_days

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    StaleDay.objects.all().delete()


def test_an_imported_file_recomputes_the_changed_days(tmp_path: Path) -> None:
    imported(written(tmp_path, HEADER, view("e1", at="2026-01-06T09:00:00Z")))

    assert date(2026, 1, 6) in marked_days()


def test_a_rejected_file_marks_nothing_stale(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        imported(written(tmp_path, HEADER, view("e1"), view("e2", "cleo")))

    assert not StaleDay.objects.exists()


def test_imported_grades_are_scaled_by_their_maximum(tmp_path: Path) -> None:
    row = "e1;2026-01-06T09:00:00Z;ada;py;q1;45;2;60"
    header = "id;occurred_at;learner;course;object;value;attempt;max"
    imported(written(tmp_path, header, row), "assessment.graded")
    result = AssessmentResult.objects.get()

    assert (result.attempt, result.score) == (2, 0.75)


def test_imported_segments_of_a_video_count_once(tmp_path: Path) -> None:
    row = f"{view('e1')},intro,0-60;30-90,240"
    imported(written(tmp_path, f"{HEADER},object,segments,duration", row), "video.watched")

    assert VideoProgress.objects.get().watched_seconds == 90
