"""Report on the rows of a file: counts, and each invalid row with what is expected instead."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

from core import localized
from intake.csv.cells import is_free_text
from intake.csv.columns import Column
from intake.csv.reading import EventFile, Row
from intake.events.batch import ACCEPTED, DUPLICATE, REPLACED, EventOutcome

SHOWN = 20
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

    @classmethod
    def of(cls, row: Row, outcome: EventOutcome, file: EventFile) -> InvalidRow:
        column = file.column_of(outcome.field)
        name = file.columns.short_name(column) if column else outcome.field
        problem = outcome.problem.removeprefix(f"{outcome.field}: ")
        if outcome.code in EXPECTED:
            expected = gettext(EXPECTED[outcome.code]) % vars(file.options.names)
        elif column:
            problem, expected = _explain_cell(column, row, problem, outcome, file)
        else:
            expected = ""
        return cls(row.line, name, problem, expected, outcome.code)

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


def _explain_cell(
    column: Column, row: Row, problem: str, outcome: EventOutcome, file: EventFile
) -> tuple[str, str]:
    """Return the problem of a cell and what is expected, without saying the same twice."""
    cell = file.cell_of(row, column)
    got = gettext("got “%(cell)s”.") % {"cell": cell}
    if number := as_number(cell):
        expected = gettext("%(number)s, a number with a decimal point and no other signs")
        return got, expected % {"number": number}
    if column.is_time and not file.options.zone:
        expected = gettext("%(form)s; for times without an offset, use %(option)s")
        return got, expected % {"form": column.form, "option": file.options.names.zone}
    if outcome.is_format:
        return got, column.form
    return problem, "" if is_free_text(column.schema) else column.form


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


@dataclass
class ImportReport:
    """Count the rows of a file by outcome; `duplicate` rows were stored already."""

    new: int = 0
    replaced: int = 0
    duplicate: int = 0
    invalid_rows: list[InvalidRow] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.new + self.replaced

    @property
    def read(self) -> int:
        return self.accepted + self.duplicate + len(self.invalid_rows)

    def add(self, rows: Iterable[Row], outcomes: Iterable[EventOutcome], file: EventFile) -> None:
        for row, outcome in zip(rows, outcomes, strict=True):
            self.new += outcome.status == ACCEPTED
            self.replaced += outcome.status == REPLACED
            self.duplicate += outcome.status == DUPLICATE
            if outcome.is_rejected:
                self.invalid_rows.append(InvalidRow.of(row, outcome, file))

    def first(self, limit: int = SHOWN) -> list[str]:
        """Return the first invalid rows as sentences, and the number of the others."""
        shown = [str(row) for row in self.invalid_rows[:limit]]
        rest = len(self.invalid_rows) - len(shown)
        more = gettext("… and %(count)s more.") % {"count": localized.number(rest)}
        return [*shown, more] if rest else shown

    def write_invalid_rows(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "column", "problem", "expected"))
            writer.writerows(
                (one.line, one.column, one.problem, one.expected) for one in self.invalid_rows
            )

    def as_json(self) -> dict[str, Any]:
        """Return the report as an ImportRun stores it."""
        reasons = Counter(f"{one.code} {one.column}".strip() for one in self.invalid_rows)
        return {
            "read": self.read,
            "imported": self.new,
            "replaced": self.replaced,
            "duplicate": self.duplicate,
            "rejected": dict(reasons),
            "first_rejected": self.first(),
        }

    def __str__(self) -> str:
        if self.replaced:
            message = ngettext(
                "%(read)s row read: %(new)s new, %(replaced)s replaced, "
                "%(duplicate)s already stored, %(rejected)s rejected",
                "%(read)s rows read: %(new)s new, %(replaced)s replaced, "
                "%(duplicate)s already stored, %(rejected)s rejected",
                self.read,
            )
        else:
            message = ngettext(
                "%(read)s row read: %(new)s new, %(duplicate)s already stored, "
                "%(rejected)s rejected",
                "%(read)s rows read: %(new)s new, %(duplicate)s already stored, "
                "%(rejected)s rejected",
                self.read,
            )
        counts = {
            "read": self.read,
            "new": self.new,
            "replaced": self.replaced,
            "duplicate": self.duplicate,
            "rejected": len(self.invalid_rows),
        }
        return message % {name: localized.number(count) for name, count in counts.items()}
