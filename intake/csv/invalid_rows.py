"""A rejected row of a file: its place, the problem, and what is expected instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from intake.csv.cells import is_free_text
from intake.csv.columns import Column
from intake.csv.options import FileOptions
from intake.events.batch import EventOutcome

# what is expected where not the form of the cell is wrong; the placeholders are of OptionNames
EXPECTED = {
    "unknown_learner": gettext_noop(
        "the key of an existing learner, or %(create)s to create the learner"
    ),
    "unknown_course": gettext_noop(
        "the key of an existing course, or %(create)s to create the course"
    ),
    "unknown_run": gettext_noop("the key of a run of the course, or %(create)s to create the run"),
    "unknown_module": gettext_noop(
        "the key of a module of the course, or %(create)s to create the module"
    ),
    "unknown_object": gettext_noop(
        "the key of an existing object, or %(create)s to create the object"
    ),
    "not_enrolled": gettext_noop(
        "a learner who is enrolled in the course; import enrollment.started first"
    ),
    "before_enrollment": gettext_noop("a time after the enrollment"),
    "in_future": gettext_noop("a time in the past"),
    "not_json": gettext_noop("as many cells as the header has"),
    "same_id": gettext_noop("a unique id"),
    "purged": gettext_noop("a unique id, or the values that were accepted before"),
    "conflict": gettext_noop(
        "the same values as in the stored event, a unique id, or %(replace)s to replace the "
        "stored event"
    ),
}
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,. '’]\d{3})+(?:[.,]\d{1,4})?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,4}")
MONEY = re.compile(r"[$€£¥]\s*([\d.,]+)|([\d.,]+)\s*[$€£¥%]")


@dataclass(frozen=True)
class InvalidRow:
    """A rejected row: its line and column, the problem, and what is expected instead."""

    line: int
    column: str
    problem: str
    expected: str
    code: str

    def __str__(self) -> str:
        values = {"line": self.line, "column": self.column, "problem": self.problem}
        sentence = (
            gettext("Line %(line)s, column %(column)s: %(problem)s") % values
            if self.column
            else gettext("Line %(line)s: %(problem)s") % values
        )
        if not self.expected:
            return sentence
        expected = gettext("Expected: %(expected)s.") % {"expected": self.expected}
        return f"{sentence} {expected}"


def explain_cell(
    column: Column, cell: str, outcome: EventOutcome, options: FileOptions
) -> tuple[str, str]:
    """Return the problem of a cell and what is expected, without saying the same twice."""
    got = gettext("got “%(cell)s”.") % {"cell": cell}
    if number := as_number(cell):
        expected = gettext("%(number)s, a number with a decimal point and no other signs")
        return got, expected % {"number": number}
    if column.is_time and not options.zone:
        expected = gettext("%(form)s; for times without an offset, use %(option)s")
        return got, expected % {"form": column.form, "option": options.names.zone}
    if outcome.is_format:
        return got, column.form
    return problem_of(outcome), "" if is_free_text(column.schema) else column.form


def problem_of(outcome: EventOutcome) -> str:
    """Return the reason of a rejection without the name of the field in front."""
    return outcome.problem.removeprefix(f"{outcome.field}: ")


def as_number(cell: str) -> str:
    """Return the number that a cell such as 1.250,00 means; empty if it needs no change."""
    text = cell.strip()
    if found := MONEY.fullmatch(text):
        text = found[1] or found[2]
        return as_number(text) or text
    if DECIMAL_COMMA.fullmatch(text) and not THOUSANDS.fullmatch(text):
        return text.replace(",", ".")
    if THOUSANDS.fullmatch(text):
        whole, point, rest = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}|\d{4}))?", text).groups()  # type: ignore[union-attr]
        return re.sub(r"[,. '’]", "", whole) + (f".{rest}" if point else "")
    return ""
