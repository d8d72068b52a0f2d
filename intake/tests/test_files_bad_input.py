"""Files that are wrong, come twice or break half-way: errors with the place, nothing half-done."""

from __future__ import annotations

from pathlib import Path

import pytest

from intake.csv import importing
from intake.models import Event, FileMapping, ImportRun
from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
HEAD = ("Student", "ID", "SIS Login ID", "Section", "Essay (101)")
POINTS = ("Points Possible", "", "", "", "40")
CHOICES = ("course=py", "learner=SIS Login ID", "graded_on=2026-03-31")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def grade(who: str, points: str) -> tuple[str, ...]:
    return (who.title(), "", who, "S1", points)


def test_a_file_of_the_wrong_tool_says_what_it_lacks(tmp_path: Path) -> None:
    path = table(tmp_path / "grades.csv", HEAD, POINTS, grade("ada", "34"))
    text = refusal(path, shape="stripe-payments")

    assert "it lacks “Created date (UTC) / Created (UTC)”, “Amount”" in text
    assert "Its columns: Student, ID, SIS Login ID, Section, Essay (101)." in text


def test_the_same_file_again_is_skipped(tmp_path: Path) -> None:
    path = table(tmp_path / "grades.csv", HEAD, POINTS, grade("ada", "34"))
    take(path, *CHOICES)

    assert "grades.csv was imported on" in take(path, *CHOICES)
    assert len(events("assessment.graded")) == 1


def test_a_file_that_breaks_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK_SIZE", 1)
    broken = (*grade("bo", "38"), "one cell", "too many")
    path = table(tmp_path / "grades.csv", HEAD, POINTS, grade("ada", "34"), broken)
    text = refusal(path, *CHOICES)

    assert "Line 4 has 7 cells, but the header in line 1 has 5." in text
    assert not ImportRun.objects.exists()


def test_a_rejected_row_stops_the_import_or_is_kept_to_be_corrected(tmp_path: Path) -> None:
    path = table(tmp_path / "g.csv", HEAD, POINTS, grade("ada", "34"), grade("cleo", "38"))
    assert "Line 4, column SIS Login ID: unknown learner" in refusal(path, *CHOICES)

    take(path, *CHOICES, skip_bad=True)
    assert [one.learner for one in events("assessment.graded")] == ["ada"]


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    path = table(tmp_path / "grades.csv", HEAD, POINTS, grade("ada", "34"))
    text = take(path, *CHOICES, dry_run=True, save_mapping="Canvas")

    assert "assessment.graded: 1" in text
    assert "Assessment performance: – before, 85.0% after" in text
    assert events("assessment.graded") == []
    assert not FileMapping.objects.exists()


def test_a_saved_mapping_answers_on_the_command_line(tmp_path: Path) -> None:
    take(table(tmp_path / "1.csv", HEAD, POINTS, grade("ada", "34")), *CHOICES, save_mapping="py")
    text = take(table(tmp_path / "2.csv", HEAD, POINTS, grade("ada", "36")), mapping="py")

    assert "1 replaced" in text
    assert "There is no saved mapping “sql”. Saved mappings: py." in refusal(
        tmp_path / "1.csv", mapping="sql"
    )


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ("graded_on=31.3.26", "“31.3.26” is no date; write it such as 2026-03-31"),
        ("learner=Email", "“Email” is no answer to “Learners”"),
        ("colour=red", "Nothing is asked about “colour”"),
        ("graded_on", "must be a name, “=” and a value"),
    ],
)
def test_wrong_answers_say_what_is_right(tmp_path: Path, choice: str, why: str) -> None:
    path = table(tmp_path / "grades.csv", HEAD, POINTS, grade("ada", "34"))

    assert why in refusal(path, *CHOICES, choice)


def test_a_preamble_and_a_row_of_totals_are_no_rows(tmp_path: Path) -> None:
    path = table(
        tmp_path / "g.csv", ("Grades of Python",), ("Exported on", "1 May"), HEAD, POINTS,
        grade("ada", "34"), ("Total", "", "", "", "34"),
    )  # fmt: skip
    text = take(path, *CHOICES)

    assert "1 left out, in line 6: a row of totals" in text
    assert len(events("assessment.graded")) == 1


def test_windows_1252_is_read_once_somebody_says_so(tmp_path: Path) -> None:
    rows = (HEAD, POINTS, ("Zoë", "", "ada", "S1", "34"))
    path = table(tmp_path / "grades.csv", *rows, encoding="windows-1252")
    assert "Line 3 is not UTF-8" in refusal(path, *CHOICES)

    take(path, *CHOICES, encoding="windows-1252")
    assert len(events("assessment.graded")) == 1


def test_columns_are_mapped_on_the_command_line(tmp_path: Path) -> None:
    path = table(tmp_path / "list.csv", ("Who", "Finished"), ("ada", "31.01.2026 09:30"))
    text = refusal(path)
    assert "Choose “Kind” (kind)." in text

    take(
        path, "kind=course.completed", "column:Who=learner", "column:Finished=occurred_at",
        "value:course=py", "zone=Europe/Berlin",
    )  # fmt: skip
    (one,) = Event.objects.filter(kind="course.completed")
    assert one.occurred_at.isoformat() == "2026-01-31T08:30:00+00:00"


def test_ids_name_no_person(tmp_path: Path) -> None:
    take(table(tmp_path / "1.csv", HEAD, POINTS, grade("ada", "34")), *CHOICES)

    assert "ada" not in events("assessment.graded")[0].key
