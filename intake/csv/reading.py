"""Read a CSV with events of one kind; check its encoding, quotes and header first."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple

from django.utils.translation import gettext

from intake.csv.cells import Reader, as_text
from intake.csv.columns import IGNORED, Column, Columns, ColumnsError, plain
from intake.csv.options import FileOptions
from intake.csv.timestamps import parse_in_zone
from intake.event_kinds import EventKind
from intake.events.envelope import UnreadableEvent

# of names within an event
Path = tuple[str, ...]
OpenFile = Callable[[], BinaryIO]
DELIMITERS = ",;\t"
SEP = re.compile(r"sep=(.)", re.IGNORECASE)
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class CsvError(Exception):
    """The file cannot be read; the text names the line and the solution."""


class Row(NamedTuple):
    """One row: the line in which it starts, and its event."""

    line: int
    raw: dict[str, Any] | UnreadableEvent


class EventFile:
    """A CSV with valid encoding, quotes and header; iterate over it to get its rows."""

    def __init__(
        self, open_file: OpenFile, name: str, kind: EventKind, options: FileOptions | None = None
    ) -> None:
        """Raises CsvError if the file as a whole cannot be read."""
        self.name = name
        self.kind = kind
        self.options = options or FileOptions()
        self.columns = Columns(kind)
        self._open = open_file
        self.digest = self._checked_digest()
        self.shared = self._find_shared()
        self.delimiter, self.header = self._find_header()
        self.rows = sum(1 for _ in self._records()) - 1
        if self.rows < 1:
            raise CsvError(gettext("%(file)s has a header but no rows.") % {"file": name})

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
                raw = raw if has_ids else {"id": _derived_id(raw, seen), **raw}
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
        if column.is_time and (zone := self.options.zone):
            return column.path, lambda text: parse_in_zone(text, zone)
        return column.path, column.read

    def _unreadable(self, cells: Sequence[str], reason: str) -> UnreadableEvent:
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter).writerow(cells)
        return UnreadableEvent(text.getvalue().strip(), reason)

    def _checked_digest(self) -> str:
        """Return the SHA-256 of the file; raises CsvError if it is not UTF-8."""
        digest, line = hashlib.sha256(), 0
        with self._open() as file:
            for line, text in enumerate(file, 1):
                if line == 1 and text.startswith(UTF_16):
                    message = gettext("%(file)s is encoded as UTF-16; save it as CSV UTF-8.")
                    raise CsvError(message % {"file": self.name})
                self._check_utf_8(text, line)
                digest.update(text)
        if not line:
            message = gettext("%(file)s is empty; its first line must name the columns.")
            raise CsvError(message % {"file": self.name})
        return digest.hexdigest()

    def _check_utf_8(self, text: bytes, line: int) -> None:
        try:
            text.decode()
        except UnicodeDecodeError as error:
            message = gettext(
                "Line %(line)s is not UTF-8 (byte %(position)s is %(byte)s); "
                "save the file as CSV UTF-8."
            )
            values = {
                "line": line,
                "position": error.start + 1,
                "byte": f"{text[error.start]:#04x}",
            }
            raise CsvError(message % values) from None

    def _find_header(self) -> tuple[str, list[Column | None]]:
        """Return the delimiter that yields the most known column names, and the columns."""
        headers = {one: self._header_by(one) for one in self._declared_delimiter() or DELIMITERS}
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
            raise CsvError(str(error)) from None

    def _find_shared(self) -> dict[Column, str]:
        """Return the values that all rows share; raises CsvError if a column is unknown."""
        try:
            return {self.columns.get(name): text for name, text in self.options.shared.items()}
        except ColumnsError as error:
            raise CsvError(str(error)) from None

    def _declared_delimiter(self) -> str:
        """Return the delimiter of a first line such as “sep=;”, which Excel writes; else empty."""
        with self._open() as file:
            found = SEP.fullmatch(file.readline().decode("utf-8-sig").rstrip("\r\n"))
        return found[1] if found else ""

    def _header_by(self, delimiter: str) -> list[str]:
        try:
            return self._first_record(delimiter)
        except CsvError:
            return []

    def _first_record(self, delimiter: str) -> list[str]:
        return next(self._records(delimiter), (0, [""]))[1]

    def _count_known(self, names: Sequence[str]) -> int:
        theirs = {plain(name) for name in self.options.renamed}
        return sum(1 for name in names if self.columns.find(name) or plain(name) in theirs)

    def _records(self, delimiter: str = "") -> Iterator[tuple[int, list[str]]]:
        """Yield each record that is not empty, with the line in which it starts."""
        with self._open() as file:
            text = io.TextIOWrapper(file, "utf-8-sig", newline="")
            reader = csv.reader(text, delimiter=delimiter or self.delimiter, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise CsvError(_broken_record(line, error)) from None
                if cells is None:
                    return
                # the line is split by the delimiter that it declares
                if line == 1 and SEP.fullmatch((delimiter or self.delimiter).join(cells)):
                    continue
                if any(cell.strip() for cell in cells):
                    yield line, cells


def _broken_record(line: int, error: csv.Error) -> str:
    return gettext(
        "The row that starts in line %(line)s cannot be read (%(error)s). A quoted cell must end "
        'with a quote, and quotes inside it must be doubled ("").'
    ) % {"line": line, "error": error}


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


def _derived_id(raw: Mapping[str, Any], seen: Counter[str]) -> str:
    """Derive an id from the row's content, so that the same row in another file is the same event.

    Identical rows in one file are distinguished by a count.
    """
    text = json.dumps(raw, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:40]
    seen[digest] += 1
    return f"row-{digest}" if seen[digest] == 1 else f"row-{digest}-{seen[digest]}"
