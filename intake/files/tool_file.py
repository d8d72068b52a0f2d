"""The file of a tool as events: each row read with the answers of a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from django.utils.translation import gettext

from intake.csv.invalid_rows import EXPECTED, InvalidRow, problem_of
from intake.csv.options import COMMAND, OptionNames
from intake.csv.reading import derived_id
from intake.csv.source import LeftOut, Row
from intake.events.batch import EventOutcome
from intake.events.envelope import UnreadableEvent
from intake.files.choices import FIRST_ROW, CellError, Chosen
from intake.files.enrolling import Enrollments
from intake.files.records import Record, RecordTable, plain
from intake.files.shapes.base import Made, Shape, Skip
from intake.files.stored_dates import stored_dates
from intake.models import TOOL
from intake.tables.errors import TableError

CHUNK_SIZE = 1_000
FIELDS = ("kind", "occurred_at", "learner", "course", "run", "module", "object", "value", "data")
TOTALS = {
    # not translated: read
    "total", "totals", "grand total", "subtotal", "sum", "summe", "gesamt", "total general",
    "totale", "totaal", "average", "overall average", "group average", "mean", "durchschnitt",
    "gesamtdurchschnitt", "moyenne", "moyenne globale", "media", "promedio", "média",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a row gave: events, what was left out, or a cell that cannot be read."""

    line: int
    made: Made | Skip | CellError
    text: str = ""
    part: str = ""


class Reading(Protocol):
    """The rows of one or several tables of a tool, read."""

    name: str
    digest: str
    shape: str

    def __iter__(self) -> Iterator[Found]: ...


class TableReading:
    """The rows of one table, read by a shape."""

    def __init__(self, rows: RecordTable, shape: Shape, chosen: Chosen) -> None:
        self.name, self.digest, self.shape = rows.table.name, rows.table.digest, shape.key
        self._rows = rows
        self._read = shape.reader(rows.sample(), chosen)

    def __iter__(self) -> Iterator[Found]:
        for record in self._rows:
            yield from found_in(record, self._read(record))


def found_in(record: Record, made: Iterable[Made | Skip], part: str = "") -> Iterator[Found]:
    """Yield what a row gives; its total, or an unreadable cell, ends it."""
    if record.is_header:
        yield Found(record.line, Skip(gettext("the header again")), part=part)
        return
    if is_total(record):
        yield Found(record.line, Skip(gettext("a row of totals")), part=part)
        return
    try:
        for one in made:
            yield Found(record.line, one, part=part)
    except CellError as error:
        yield Found(record.line, error, record.text, part)


def is_total(record: Record) -> bool:
    return plain(record.first) in TOTALS


@dataclass
class ToolFile:
    """The events of a tool's file; iterate over it to get them."""

    reading: Reading
    sender: str
    chosen: Chosen
    options: OptionNames = COMMAND
    left_out: list[LeftOut] = field(default_factory=list)
    names: Sequence[str] = FIELDS
    has_one_event_per_row: bool = False

    def __post_init__(self) -> None:
        self.name, self.digest = self.reading.name, self.reading.digest
        self.import_kind = f"{TOOL}{self.reading.shape}"[:50]

    def __iter__(self) -> Iterator[Row]:
        left_out: dict[str, LeftOut] = {}
        seen: Counter[str] = Counter()
        rows = self._rows(left_out, seen)
        if self.chosen.get("enroll") == FIRST_ROW:
            yield from self._enrollments()
        while chunk := list(islice(rows, CHUNK_SIZE)):
            yield from self._with_stored_dates(chunk)
        self.left_out = list(left_out.values())

    def cells_of(self, row: Row) -> list[str]:
        if isinstance(row.raw, UnreadableEvent):
            return [row.raw.text, *[""] * (len(FIELDS) - 1)]
        return [_shown(row.raw.get(name)) for name in FIELDS]

    def explain(self, row: Row, outcome: EventOutcome) -> InvalidRow:
        expected = row.expected
        if outcome.code in EXPECTED:
            expected = gettext(EXPECTED[outcome.code]) % vars(self.options)
        column = row.columns.get(outcome.field, "")
        return InvalidRow(row.line, column, problem_of(outcome), expected, outcome.code)

    def _rows(self, left_out: dict[str, LeftOut], seen: Counter[str]) -> Iterator[tuple[Row, bool]]:
        """Yield each row, and whether the file has no date for it."""
        is_empty = True
        for one in self.reading:
            is_empty = False
            if isinstance(one.made, Skip):
                _leave_out(left_out, one.line, str(one.made.reason))
            elif isinstance(one.made, CellError):
                yield self._unreadable(one, one.made), False
            else:
                raw = one.made.raw(self.reading.shape)
                raw = raw if "id" in raw else {"id": derived_id(raw, seen), **raw}
                columns = {name: _place(one.part, to) for name, to in one.made.columns.items()}
                yield Row(one.line, raw, columns), one.made.is_undated
        if is_empty:
            message = gettext("%(file)s has a header but no rows.")
            raise TableError(message % {"file": self.name})

    def _unreadable(self, one: Found, error: CellError) -> Row:
        raw = UnreadableEvent(one.text[:2_000], error.problem, "invalid")
        return Row(one.line, raw, {"": _place(one.part, error.column)}, error.expected)

    def _with_stored_dates(self, chunk: Sequence[tuple[Row, bool]]) -> Iterator[Row]:
        """Yield rows; those without a date of their own keep that of their first import."""
        ids = [row.raw["id"] for row, is_undated in chunk
               if is_undated and isinstance(row.raw, dict)]  # fmt: skip
        dates = stored_dates(self.sender, ids) if ids else {}
        for row, is_undated in chunk:
            if is_undated and isinstance(row.raw, dict):
                date = dates.get((row.raw["kind"], row.raw["id"]))
                yield (
                    row._replace(raw={**row.raw, "occurred_at": date.isoformat()}) if date else row
                )
            else:
                yield row

    def _enrollments(self) -> Iterator[Row]:
        enrollments = Enrollments(self.reading.shape, self.sender)
        for one in self.reading:
            if isinstance(one.made, Made):
                enrollments.see(one.made, one.line)
        yield from enrollments.rows()


def _leave_out(left_out: dict[str, LeftOut], line: int, reason: str) -> None:
    if reason in left_out:
        left_out[reason].count += 1
    else:
        left_out[reason] = LeftOut(reason, 1, line)


def _place(part: str, column: str) -> str:
    return f"{part}: {column}" if part else column


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return "" if value is None else str(value)
