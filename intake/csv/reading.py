"""Read a CSV with events of one kind; check its encoding, quotes and header first."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from intake.csv.cells import Reader, as_text
from intake.csv.columns import IGNORED, Column, Columns, ColumnsError, plain
from intake.csv.invalid_rows import EXPECTED, InvalidRow, explain_cell, problem_of
from intake.csv.numbers import number_of
from intake.csv.options import FileOptions
from intake.csv.source import LeftOut, Row
from intake.csv.timestamps import parse_in_zone
from intake.event_kinds import EventKind
from intake.events.batch import EventOutcome
from intake.events.envelope import UnreadableEvent
from intake.models import CSV
from intake.tables.errors import TableError
from intake.tables.opening import Table
from intake.tables.text import Record

# of names within an event
Path = tuple[str, ...]


class EventFile:
    """A CSV with valid encoding, quotes and header; iterate over it to get its rows."""

    left_out: Sequence[LeftOut] = ()
    has_one_event_per_row = True

    def __init__(self, table: Table, kind: EventKind, options: FileOptions | None = None) -> None:
        """Raises TableError if the file as a whole cannot be read."""
        self.name = table.name
        self.digest = table.digest
        self.kind = kind
        self.options = options or FileOptions()
        self.columns = Columns(kind)
        self._table = table
        self.shared = self._find_shared()
        self.delimiter, self.header = self._find_header()
        self.rows = sum(1 for _ in self._records()) - 1
        if self.rows < 1:
            raise TableError(gettext("%(file)s has a header but no rows.") % {"file": self.name})

    @property
    def import_kind(self) -> str:
        return f"{CSV}{self.kind.name}"[:50]

    @property
    def has_ids(self) -> bool:
        return any(column and column.name == "id" for column in (*self.header, *self.shared))

    def __iter__(self) -> Iterator[Row]:
        records = self._records()
        next(records)
        seen: Counter[str] = Counter()
        has_ids, correction = (
            self.has_ids,
            {"correction": "replace"} if self.options.replaces else {},
        )
        for line, cells in records:
            raw = self._raw(cells)
            if isinstance(raw, dict):
                raw = raw if has_ids else {"id": derived_id(raw, seen), **raw}
                raw |= correction
            yield Row(line, raw)

    @property
    def names(self) -> list[str]:
        """The short name of each column of the file."""
        return [self.columns.short_name(column) for column in self._used_columns]

    @property
    def _used_columns(self) -> list[Column]:
        shared = (column for column in self.shared if column not in self.header)
        return [*(one for one in self.header if one and one is not IGNORED), *shared]

    def cells_of(self, row: Row) -> list[str]:
        """Return the values of a row under each of `names`, after conversion."""
        if isinstance(row.raw, UnreadableEvent):
            return [row.raw.text, *[""] * (len(self.names) - 1)]
        return [_value_at(row.raw, column.path) for column in self._used_columns]

    def cell_of(self, row: Row, column: Column) -> str:
        """Return the value of a row in a column, after conversion."""
        return "" if isinstance(row.raw, UnreadableEvent) else _value_at(row.raw, column.path)

    def column_of(self, field: str) -> Column | None:
        """Return the column of a rejected field such as data.segments.0; None if there is none."""
        parts = field.split(".")
        names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        return next((self.columns.all[one] for one in names if one in self.columns.all), None)

    def explain(self, row: Row, outcome: EventOutcome) -> InvalidRow:
        column = self.column_of(outcome.field)
        name = self.columns.short_name(column) if column else outcome.field
        problem, expected = problem_of(outcome), ""
        if outcome.code in EXPECTED:
            expected = gettext(EXPECTED[outcome.code]) % vars(self.options.names)
        elif column:
            problem, expected = explain_cell(
                column, self.cell_of(row, column), outcome, self.options
            )
        return InvalidRow(row.line, name, problem, expected, outcome.code)

    def _raw(self, cells: Sequence[str]) -> dict[str, Any] | UnreadableEvent:
        if len(cells) != len(self.header):
            reason = gettext("The row has %(cells)s cells, but the header has %(columns)s.")
            return self._unreadable(
                cells, reason % {"cells": len(cells), "columns": len(self.header)}
            )
        event: dict[str, Any] = {"kind": self.kind.name}
        for path, convert, text in self._shared_cells:
            _put(event, path, convert(text))
        for (path, read), cell in zip(self._fields, cells, strict=True):
            if not (text := cell.strip()):
                continue
            if read is None:
                reason = gettext("The row has “%(text)s” in a column without a name.")
                return self._unreadable(cells, reason % {"text": text[:40]})
            if len(path) == 1:
                event[path[0]] = read(text)
            elif path:
                _put(event, path, read(text))
        return event

    @cached_property
    def _fields(self) -> list[tuple[Path, Reader | None]]:
        """The path and the reader of each cell; no path if ignored, no reader without a name."""
        return [
            ((), None) if one is None else ((), as_text) if one is IGNORED else self._field(one)
            for one in self.header
        ]

    @cached_property
    def _shared_cells(self) -> list[tuple[Path, Reader, str]]:
        return [(*self._field(column), text) for column, text in self.shared.items()]

    def _field(self, column: Column) -> tuple[Path, Reader]:
        read, mark = column.read, self.options.decimal
        if column.is_time and (zone := self.options.zone):
            return column.path, lambda text: parse_in_zone(text, zone, self.options.order)
        if column.is_number and mark:
            return column.path, lambda text: read(number_of(text, mark) or text)
        return column.path, read

    def _unreadable(self, cells: Sequence[str], reason: str) -> UnreadableEvent:
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter).writerow(cells)
        return UnreadableEvent(text.getvalue().strip(), reason)

    def _find_header(self) -> tuple[str, list[Column | None]]:
        """Return the delimiter that yields the most known column names, and the columns."""
        headers = {one: self._header_by(one) for one in self._table.delimiters}
        delimiter = max(headers, key=lambda one: self._count_known(headers[one]))
        # no delimiter works: the reader raises the error
        header = headers[delimiter] or self._first_record(delimiter)
        try:
            found = self.columns.of_header(
                header,
                renamed=self.options.renamed,
                shared=self.shared,
                options=self.options.names,
            )
            return delimiter, found
        except ColumnsError as error:
            raise TableError(str(error)) from None

    def _find_shared(self) -> dict[Column, str]:
        """Return the values that all rows share; raises TableError if a column is unknown."""
        try:
            return {self.columns.get(name): text for name, text in self.options.shared.items()}
        except ColumnsError as error:
            raise TableError(str(error)) from None

    def _header_by(self, delimiter: str) -> list[str]:
        try:
            return self._first_record(delimiter)
        except TableError:
            return []

    def _first_record(self, delimiter: str) -> list[str]:
        return next(self._records(delimiter), Record(0, [""])).cells

    def _count_known(self, names: Sequence[str]) -> int:
        theirs = {plain(name) for name in self.options.renamed}
        return sum(1 for name in names if self.columns.find(name) or plain(name) in theirs)

    def _records(self, delimiter: str = "") -> Iterator[Record]:
        """Yield the header and each row after it that is not empty."""
        return iter(self._table.records(delimiter or self.delimiter))


def _put(event: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        event = event.setdefault(name, {})
    event[path[-1]] = value


def _value_at(event: Mapping[str, Any], path: Path) -> str:
    found: Any = event
    for name in path:
        found = found.get(name, {})
    if found == {}:
        return ""
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def derived_id(raw: Mapping[str, Any], seen: Counter[str]) -> str:
    """Derive an id from the row's content, so that the same row in another file is the same event.

    Identical rows in one file are distinguished by a count.
    """
    text = json.dumps(raw, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:40]
    seen[digest] += 1
    return f"row-{digest}" if seen[digest] == 1 else f"row-{digest}-{seen[digest]}"
