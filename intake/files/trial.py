"""Try an import: what would become of each row, and of the figures. Nothing is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from accounts.reader import Reader
from core import reporting_clock
from intake.csv.importing import preview
from intake.csv.report import ImportReport
from intake.csv.source import EventSource, Row
from intake.events.batch import EventOutcome
from intake.events.senders import Sender
from intake.files.figures import Figure, measured

SHOWN = 100


@dataclass
class Trial:
    """The report of an import that was rolled back, its first rows, and the figures."""

    report: ImportReport = field(default_factory=ImportReport)
    rows: list[tuple[Row, EventOutcome]] = field(default_factory=list)
    first: date | None = None
    last: date | None = None
    # those that change, and the number of the others; None: not for this reader, or no dates
    figures: Sequence[Figure] | None = None
    unchanged: int = 0

    def see(self, row: Row, outcome: EventOutcome) -> None:
        if outcome.is_rejected or not isinstance(row.raw, dict):
            return
        if len(self.rows) < SHOWN:
            self.rows.append((row, outcome))
        if text := row.raw.get("occurred_at"):
            moment = datetime.fromisoformat(text).astimezone(reporting_clock.reporting_zone())
            self.first = min(self.first or moment.date(), moment.date())
            self.last = max(self.last or moment.date(), moment.date())


def try_import(source: EventSource, sender: Sender, by: Reader) -> Trial:
    """Import a file, measure, roll back and measure again."""
    trial, after = Trial(), {}

    def measure() -> None:
        if trial.first and trial.last:
            after.update(measured(by, trial.first, trial.last) or {})

    trial.report = preview(source, sender, skips_bad=True, on_row=trial.see, at_end=measure)
    if after and trial.first and trial.last:
        before = measured(by, trial.first, trial.last) or {}
        figures = [Figure(name, before.get(name, ""), value) for name, value in after.items()]
        trial.figures = [one for one in figures if one.before != one.after]
        trial.unchanged = len(figures) - len(trial.figures)
    return trial
