"""Report on the rows of a file: counts, and each invalid row with what is expected instead."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, ngettext

from core import localized
from intake.csv.invalid_rows import InvalidRow
from intake.csv.source import EventSource, LeftOut, Row
from intake.events.batch import ACCEPTED, DUPLICATE, REPLACED, RETRACTED, EventOutcome

SHOWN = 20


@dataclass
class ImportReport:
    """Count the rows of a file by outcome; `duplicate` rows were stored already."""

    new: int = 0
    replaced: int = 0
    duplicate: int = 0
    retracted: int = 0
    # accepted events by kind, and rows that are no events by the reason
    kinds: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    invalid_rows: list[InvalidRow] = field(default_factory=list)
    # a row of a tool's file may be several events, or none
    counts_rows: bool = True

    @property
    def accepted(self) -> int:
        return self.new + self.replaced + self.retracted

    @property
    def read(self) -> int:
        return self.accepted + self.duplicate + len(self.invalid_rows)

    def add(self, rows: Iterable[Row], outcomes: Iterable[EventOutcome], file: EventSource) -> None:
        for row, outcome in zip(rows, outcomes, strict=True):
            self.new += outcome.status == ACCEPTED
            self.replaced += outcome.status == REPLACED
            self.duplicate += outcome.status == DUPLICATE
            self.retracted += outcome.status == RETRACTED
            if outcome.is_rejected:
                self.invalid_rows.append(file.explain(row, outcome))
            elif outcome.status != DUPLICATE and isinstance(row.raw, dict):
                kind = row.raw["kind"]
                self.kinds[kind] = self.kinds.get(kind, 0) + 1

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
            "retracted": self.retracted,
            "kinds": self.kinds,
            "left_out": {one.reason: one.count for one in self.left_out},
            "rejected": dict(reasons),
            "first_rejected": self.first(),
        }

    def __str__(self) -> str:
        if not self.counts_rows:
            message = gettext(
                "Events: %(new)s new, %(replaced)s replaced, %(duplicate)s already stored, "
                "%(rejected)s rejected"
            )
        elif self.replaced:
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
        text = message % {name: localized.number(count) for name, count in counts.items()}
        if self.retracted:
            more = gettext("%(report)s, %(count)s retracted")
            return more % {"report": text, "count": localized.number(self.retracted)}
        return text
