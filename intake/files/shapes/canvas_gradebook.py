"""A Canvas gradebook export: a column per assignment, and a row with the points possible."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext, gettext_lazy

from core.lazy_text import LazyText
from intake.csv.numbers import POINT, number_of
from intake.files.choices import Choice, Chosen, course_choice, decimal_choice, learner_choice
from intake.files.records import Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.grades import bonus_choice, columns_like, grade, graded_on_choice

# the second if first and last names are exported apart
STUDENT = ("Student", "LastName")
# what a GPA scale has instead of points
LETTER = re.compile(r"[A-F][+\-−]?")
ASSIGNMENT = re.compile(r"(?P<name>.+) \((?P<id>\d+)\)")
POINTS_POSSIBLE = "points possible"
READ_ONLY = "(read only)"
TEST_STUDENTS = {"student, test", "test student"}
# excused, not available, not submitted
NOT_YET = gettext_lazy("no grade yet")
NO_GRADE: dict[str, LazyText] = {
    "": NOT_YET,
    "ex": gettext_lazy("excused"),
    "n/a": NOT_YET,
    "-": NOT_YET,
}


class CanvasGradebook(Shape):
    key = "canvas-gradebook"
    title = gettext_lazy("Canvas gradebook")
    about = gettext_lazy(
        "A grade per learner and assignment, out of the points possible. Totals, the test student, "
        "excused assignments (EX) and N/A are left out."
    )
    signature = ((*STUDENT,), ("ID",), ("Section",))

    def choices(self, sample: Sample) -> list[Choice]:
        columns = _assignments(sample)
        return [
            *course_choice(sample),
            *learner_choice(sample, "SIS User ID", "SIS Login ID", "Integration ID", "ID"),
            graded_on_choice(),
            *decimal_choice(sample, *columns),
            bonus_choice(),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        assignments = _assignments(sample)
        best = _points_possible(sample, list(assignments), chosen.get("decimal", POINT))
        at = chosen.day("graded_on")

        def read(record: Record) -> Iterator[Made | Skip]:
            student = _student(record)
            if student == POINTS_POSSIBLE or not (student or record.get("ID")):
                return
            if student in TEST_STUDENTS:
                yield Skip(gettext("the test student"))
                return
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            for column, name in assignments.items():
                if reason := _reason(record.get(column)):
                    yield Skip(reason)
                    continue
                if float(best.get(column, "0")) <= 0:
                    yield Skip(gettext("“%s” has no points possible") % column[:80])
                    continue
                yield grade(
                    record, column, name,
                    value=chosen.number(record, column) or "0", best=best[column], at=at,
                    chosen=chosen, learner=learner, columns={"learner": chosen["learner"]},
                )  # fmt: skip

        return read


def _assignments(sample: Sample) -> dict[str, str]:
    """Return the columns of assignments with their names, which end with Canvas's id if written.

    Columns of totals have no points possible: theirs are “(read only)”.
    """
    found = columns_like(sample.header.names, ASSIGNMENT)
    names = {column: f"{one['name'][:180]} ({one['id']})" for column, one in found.items()}
    others = [one for one in sample.header.names if one.strip() and one not in names]
    return names | {one: one for one in _points_possible(sample, others, POINT)}


def _reason(cell: str) -> LazyText:
    """Return why a cell is no grade; empty if it should be one."""
    if LETTER.fullmatch(cell):
        return gettext("a letter without points")
    return NO_GRADE.get(cell.casefold(), "")


def _student(record: Record) -> str:
    names = (record.get(*STUDENT), record.get("FirstName"))
    return ", ".join(one for one in names if one).casefold()


def _points_possible(sample: Sample, columns: list[str], mark: str) -> dict[str, str]:
    """Return the maximum of each assignment; those that Canvas computes are read-only."""
    row = next((one for one in sample.records if _student(one) == POINTS_POSSIBLE), None)
    if row is None:
        return {}
    return {
        column: number
        for column in columns
        if (text := row.get(column)) and text != READ_ONLY and (number := number_of(text, mark))
    }
