"""Report what an import read, imported and rejected, by file and in total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum

from curriculum.models import Enrollment
from engagement.models import AssessmentResult, DailyActivity
from engagement.oulad.source import COLUMNS
from intake.models import ImportRun

PREFIX = "oulad-"


@dataclass
class ImportReport:
    """Rows read, imported, rejected for a reason, and imported with a remark (noted)."""

    read: int = 0
    imported: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    seconds: float = 0

    def reject(self, reason: str, rows: int = 1) -> None:
        if rows:
            self.rejected[reason] += rows

    def note(self, remark: str, rows: int = 1) -> None:
        if rows:
            self.noted[remark] += rows

    def add(self, other: ImportReport) -> None:
        self.read += other.read
        self.imported += other.imported
        self.rejected += other.rejected
        self.noted += other.noted
        self.seconds += other.seconds

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "imported": self.imported,
            "rejected": dict(self.rejected),
            "noted": dict(self.noted),
            "seconds": round(self.seconds, 2),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ImportReport:
        return cls(
            read=stored["read"],
            imported=stored["imported"],
            rejected=Counter(stored["rejected"]),
            noted=Counter(stored["noted"]),
            seconds=stored["seconds"],
        )

    def __str__(self) -> str:
        parts = [f"{self.read:,} rows read", f"{self.imported:,} imported"]
        parts += [f"{rows:,} rejected: {reason}" for reason, rows in self.rejected.items()]
        parts += [f"{rows:,} noted: {remark}" for remark, rows in self.noted.items()]
        return "; ".join(parts)


def by_file(reports: Mapping[str, Mapping[str, Any]]) -> dict[str, ImportReport]:
    """Sum the reports of the steps by file; the name of a step begins with its file."""
    files = {name: ImportReport() for name in COLUMNS}
    for step, report in reports.items():
        files[step.split()[0]].add(ImportReport.from_json(report))
    return files


def totals(import_run: ImportRun) -> dict[str, int]:
    """Count what is in the database, to compare with the publisher's own counts."""
    enrollments = Enrollment.objects.filter(learner__key__startswith=PREFIX)
    clicks = DailyActivity.objects.filter(import_run=import_run).aggregate(n=Sum("interactions"))
    return {
        "enrollments": enrollments.count(),
        "completions": enrollments.exclude(completed_at=None).count(),
        "scored results": AssessmentResult.objects.filter(import_run=import_run).count(),
        "clicks": clicks["n"] or 0,
    }
