"""What becomes of the rows of a file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intake.csv.reading import EventFile, Row
from intake.outcome import ACCEPTED, DUPLICATE, REJECTED, Outcome

SHOWN = 20
# what would be right where it is not the form of the cell that is wrong
RIGHT = {
    "unknown_learner": "the key of a learner who is known",
    "unknown_course": "the key of a course that there is",
    "unknown_run": "the key of a run of the course",
    "unknown_module": "the key of a module of the course",
    "unknown_object": "the key of something that is defined",
    "not_enrolled": "a learner who is enrolled in the course",
    "before_enrollment": "a moment after the learner enrolled",
    "in_future": "a moment that has been",
    "not_json": "as many cells as the header",
    "same_id": "an id of its own",
}


@dataclass(frozen=True)
class Misfit:
    """A row that was refused: where it is, what is wrong, and what would be right."""

    line: int
    column: str
    wrong: str
    right: str
    code: str

    @classmethod
    def of(cls, row: Row, outcome: Outcome, file: EventFile) -> Misfit:
        column = file.column_of(outcome.field)
        name = file.columns.short_name(column) if column else outcome.field
        right = RIGHT.get(outcome.code) or (column.form if column else "")
        return cls(row.line, name, outcome.reason, right, outcome.code)

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        right = f" Right would be: {self.right}." if self.right else ""
        return f"Line {self.line}{column}: {self.wrong}{right}"


@dataclass
class Report:
    """Rows read, new, in already (or twice in the file) and refused."""

    new: int = 0
    duplicate: int = 0
    misfits: list[Misfit] = field(default_factory=list)

    @property
    def read(self) -> int:
        return self.new + self.duplicate + len(self.misfits)

    def add(self, rows: Iterable[Row], outcomes: Iterable[Outcome], file: EventFile) -> None:
        for row, outcome in zip(rows, outcomes, strict=True):
            self.new += outcome.status == ACCEPTED
            self.duplicate += outcome.status == DUPLICATE
            if outcome.status == REJECTED:
                self.misfits.append(Misfit.of(row, outcome, file))

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
            "duplicate": self.duplicate,
            "refused": dict(reasons),
            "first_refused": self.first(),
        }

    def __str__(self) -> str:
        return (
            f"{self.read:,} rows read: {self.new:,} new, {self.duplicate:,} in already, "
            f"{len(self.misfits):,} refused"
        )
