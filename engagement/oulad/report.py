"""What became of the rows of a file, and of the whole import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engagement.oulad.files import COLUMNS


@dataclass
class ImportReport:
    """Rows read, taken and refused with the reason; notes on rows that were taken with a remark."""

    read: int = 0
    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    seconds: float = 0

    def refuse(self, reason: str, rows: int = 1) -> None:
        if rows:
            self.refused[reason] += rows

    def note(self, remark: str, rows: int = 1) -> None:
        if rows:
            self.noted[remark] += rows

    def add(self, other: ImportReport) -> None:
        self.read += other.read
        self.taken += other.taken
        self.refused += other.refused
        self.noted += other.noted
        self.seconds += other.seconds

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "taken": self.taken,
            "refused": dict(self.refused),
            "noted": dict(self.noted),
            "seconds": round(self.seconds, 2),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> ImportReport:
        return cls(
            read=kept["read"],
            taken=kept["taken"],
            refused=Counter(kept["refused"]),
            noted=Counter(kept["noted"]),
            seconds=kept["seconds"],
        )

    def __str__(self) -> str:
        parts = [f"{self.read:,} rows read", f"{self.taken:,} taken"]
        parts += [f"{rows:,} refused: {reason}" for reason, rows in self.refused.items()]
        parts += [f"{rows:,} noted: {remark}" for remark, rows in self.noted.items()]
        return "; ".join(parts)


def by_file(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, ImportReport]:
    """Sum the reports of the steps per file: a step is named by its file and what part of it."""
    files = {name: ImportReport() for name in COLUMNS}
    for step, report in kept.items():
        files[step.split()[0]].add(ImportReport.from_json(report))
    return files
