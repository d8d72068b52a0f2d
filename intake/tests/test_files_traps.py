"""What people and spreadsheet programs do to files before they are imported."""

# ruff: noqa: E501  # rows as long as the tools write them

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook

from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
HEAD = ("First name", "Last name", "Email address", "Quiz: Loops (Percentage)", "Last downloaded from this course")  # fmt: skip
CHOICES = ("course=py", "graded_on=2026-03-31")
EDX = ("Student ID", "Email", "Username", "Grade", "Homework 1: Loops", "Enrollment Track")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def graded() -> dict[str, tuple[float | None, float]]:
    return {one.learner: (one.value, one.data["max"]) for one in events("assessment.graded")}


def book(path: Path, *rows: Sequence[Any], header: Sequence[str] = HEAD) -> Workbook:
    found = Workbook()
    for row in (header, *rows):
        found.active.append(row)
    found.save(path)
    return found


def test_cells_that_are_shown_as_percentages_are_percentages(tmp_path: Path) -> None:
    found = book(tmp_path / "g.xlsx", ("Ada", "Lovelace", "ada", 0.825, 1788817258))
    found.active["D2"].number_format = "0.00%"
    found.save(tmp_path / "g.xlsx")
    take(tmp_path / "g.xlsx", *CHOICES)

    assert graded() == {"ada": (82.5, 100)}


def test_a_percentage_is_out_of_100_where_others_are_out_of_1(tmp_path: Path) -> None:
    rows = ((1, "", "ada", 1, "75 %", "audit"), (2, "", "bo", 1, 0.5, "audit"))
    book(tmp_path / "g.xlsx", *rows, header=EDX)
    take(tmp_path / "g.xlsx", *CHOICES, "learner=Username")

    assert graded() == {"ada": (75, 100), "bo": (0.5, 1)}


def test_percentages_of_an_opendocument_are_read(tmp_path: Path) -> None:
    sheet = Table(name="Grades")
    for cells in (HEAD, ("Ada", "Lovelace", "ada", 0.825, "1788817258")):
        row = TableRow()
        for one in cells:
            is_text = isinstance(one, str)
            cell = TableCell(valuetype="string", stringvalue=one) if is_text else TableCell(valuetype="percentage", value=one)  # fmt: skip
            if is_text:
                cell.addElement(P(text=one))
            row.addElement(cell)
        sheet.addElement(row)
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(sheet)
    document.save(tmp_path / "g.ods")
    take(tmp_path / "g.ods", *CHOICES)

    assert graded() == {"ada": (82.5, 100)}


def test_a_hidden_sheet_gives_way_to_a_visible_one(tmp_path: Path) -> None:
    found = book(tmp_path / "g.xlsx", ("Bo", "Byron", "bo", "10 %", 1788817258))
    found.active.sheet_state = "hidden"
    found.create_sheet("Notes").append(("Made by hand", "for the board"))
    sheet = found.create_sheet("Grades")
    for row in (HEAD, ("Ada", "Lovelace", "ada", "80 %", 1788817258)):
        sheet.append(row)
    found.save(tmp_path / "g.xlsx")
    take(tmp_path / "g.xlsx", *CHOICES)

    assert graded() == {"ada": (80, 100)}


def test_a_title_in_merged_cells_stands_above_the_header(tmp_path: Path) -> None:
    found = Workbook()
    found.active["A1"] = "Grades of the spring"
    found.active.merge_cells("A1:E1")
    for row in ((), HEAD, (), ("Ada", "Lovelace", "ada", "80 %", 1788817258), ()):
        found.active.append(row)
    found.save(tmp_path / "g.xlsx")
    take(tmp_path / "g.xlsx", *CHOICES)

    assert graded() == {"ada": (80, 100)}


def test_a_formula_that_was_never_calculated_is_told_with_its_cell(tmp_path: Path) -> None:
    book(tmp_path / "g.xlsx", ("Ada", "Lovelace", "ada", "=40+40", 1788817258))
    text = refusal(tmp_path / "g.xlsx", *CHOICES)

    assert "Cell D2 of sheet “Sheet” has the formula =40+40 but no value." in text


def test_files_that_were_put_together_repeat_their_header(tmp_path: Path) -> None:
    rows = (
        ("Ada", "Lovelace", "ada", "80,00 %", "1788817258"),
        ("", "", "", "", ""),
        HEAD,
        ("Bo", "Byron", "bo", "1.000,00 %", "1788817258"),
        ("Overall average", "", "", "70,00 %", ""),
    )
    text = take(
        table(tmp_path / "g.csv", HEAD, *rows, delimiter=";"), *CHOICES, "bonus=cap",
    )  # fmt: skip

    assert graded() == {"ada": (80, 100), "bo": (100, 100)}
    assert "1 left out, in line 4: the header again" in text
    assert "1 left out, in line 6: a row of totals" in text


def test_rows_of_a_sheet_end_with_their_last_filled_cell(tmp_path: Path) -> None:
    found = book(
        tmp_path / "list.xlsx", ("ada", "2026-01-31"), ("bo", "2026-01-31", "late"),
        header=("Who", "Finished", "Remark"),
    )  # fmt: skip
    found.active["E2"].number_format = "0.00"
    found.save(tmp_path / "list.xlsx")
    take(
        tmp_path / "list.xlsx", "kind=course.completed", "column:Who=learner",
        "column:Finished=occurred_at", "value:course=py",
    )  # fmt: skip

    assert len(events("course.completed")) == 2


def test_a_column_that_is_named_twice_is_mapped_by_its_number(tmp_path: Path) -> None:
    header = ("Who", "Date", "Date")
    take(
        table(tmp_path / "list.csv", header, ("ada", "2026-01-10", "2026-01-31")),
        "kind=course.completed", "column:Who=learner", "column:Date (2)=occurred_at",
        "value:course=py", "zone=UTC",
    )  # fmt: skip

    assert events("course.completed")[0].occurred_at.day == 31
