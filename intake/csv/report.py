"""What becomes of the rows of a file."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from intake.csv.columns import Column
from intake.csv.reading import EventFile, Row
from intake.events.outcomes import ACCEPTED, DUPLICATE, REPLACED, EventOutcome

SHOWN = 20
# what would be right where it is not the form of the cell that is wrong; {…} are of Wording
RIGHT = {
    "unknown_learner": "the key of a learner who is known, or {create} to make them",
    "unknown_course": "the key of a course that there is, or {create} to make it",
    "unknown_run": "the key of a run of the course, or {create} to make it",
    "unknown_module": "the key of a module of the course, or {create} to make it",
    "unknown_object": "the key of something that is defined, or {create} to make it",
    "not_enrolled": "a learner who is enrolled in the course: import enrollment.started first",
    "before_enrollment": "a moment after the learner enrolled",
    "in_future": "a moment that has been",
    "not_json": "as many cells as the header",
    "same_id": "an id of its own",
    "conflict": "what it said before, an id of its own, or {replace} to replace what is in",
}
# of these the door's sentence ends in advice for senders by API
ADVISED = ("unknown_learner", "unknown_object", "conflict")
# what the form of the column says too
SAID_BY_THE_FORM = re.compile(r"(?:input )?should (?:be|have|match|not)\b")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,. '’]\d{3})+(?:[.,]\d{1,4})?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,4}")
MONEY = re.compile(r"[$€£¥]\s*([\d.,]+)|([\d.,]+)\s*[$€£¥%]")


@dataclass(frozen=True)
class InvalidRow:
    """A row that was refused: where it is, what is wrong, and what would be right."""

    line: int
    column: str
    wrong: str
    right: str
    code: str

    @classmethod
    def of(cls, row: Row, outcome: EventOutcome, file: EventFile) -> InvalidRow:
        column = file.column_of(outcome.field)
        name = file.columns.short_name(column) if column else outcome.field
        wrong = outcome.reason.removeprefix(f"{outcome.field}: ")
        right = RIGHT.get(outcome.code, "").format_map(asdict(file.choices.wording))
        if outcome.code in ADVISED:
            wrong = f"{wrong.partition(';')[0]}."
        elif column and not right:
            wrong, right = _of_cell(column, file.cell_of(row, column), wrong, file)
        return cls(row.line, name, wrong, right, outcome.code)

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        right = f" Right would be: {self.right}." if self.right else ""
        return f"Line {self.line}{column}: {self.wrong}{right}"


def _of_cell(column: Column, cell: str, wrong: str, file: EventFile) -> tuple[str, str]:
    """What is wrong in a cell and what would be right, each said once."""
    if number := as_number(cell):
        return f"it is “{cell}”.", f"{number}, a number with a point and nothing else"
    if column.is_moment and not file.choices.zone:
        return f"it is “{cell}”.", f"{column.form}; a time without one takes {_zone(file)}"
    if SAID_BY_THE_FORM.match(wrong):
        return f"it is “{cell}”.", column.form
    return wrong, "" if column.form.startswith("text") else column.form


def _zone(file: EventFile) -> str:
    return file.choices.wording.zone


def as_number(cell: str) -> str:
    """The number that a cell means, as we read it; empty where it is none or none other."""
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
    """Rows read, new, in place of others, in already (or twice in the file) and refused."""

    new: int = 0
    replaced: int = 0
    duplicate: int = 0
    misfits: list[InvalidRow] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return self.new + self.replaced

    @property
    def read(self) -> int:
        return self.new + self.replaced + self.duplicate + len(self.misfits)

    def add(self, rows: Iterable[Row], outcomes: Iterable[EventOutcome], file: EventFile) -> None:
        for row, outcome in zip(rows, outcomes, strict=True):
            self.new += outcome.status == ACCEPTED
            self.replaced += outcome.status == REPLACED
            self.duplicate += outcome.status == DUPLICATE
            if outcome.is_rejected:
                self.misfits.append(InvalidRow.of(row, outcome, file))

    def first(self, most: int = SHOWN) -> list[str]:
        """The first misfits as sentences, and how many there are beside."""
        told = [str(misfit) for misfit in self.misfits[:most]]
        rest = len(self.misfits) - len(told)
        return [*told, f"… and {rest:,} more."] if rest else told

    def write_misfits(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("line", "column", "wrong", "right"))
            writer.writerows((one.line, one.column, one.wrong, one.right) for one in self.misfits)

    def as_json(self) -> dict[str, Any]:
        """As an ImportRun keeps it."""
        reasons = Counter(f"{one.code} {one.column}".strip() for one in self.misfits)
        return {
            "read": self.read,
            "taken": self.new,
            "replaced": self.replaced,
            "duplicate": self.duplicate,
            "refused": dict(reasons),
            "first_refused": self.first(),
        }

    def __str__(self) -> str:
        replaced = f"{self.replaced:,} replaced, " if self.replaced else ""
        return (
            f"{self.read:,} rows read: {self.new:,} new, {replaced}{self.duplicate:,} in already, "
            f"{len(self.misfits):,} refused"
        )
