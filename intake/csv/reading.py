"""A CSV of events of one kind: looked through once from end to end, then read row by row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from intake.csv.columns import LEFT_OUT, Column, Columns, ColumnsError, plain
from intake.csv.options import FileOptions
from intake.csv.timestamps import parse_in_zone
from intake.event_kinds import EventKind
from intake.event_parsing import InvalidLine

Opening = Callable[[], BinaryIO]
DELIMITERS = ",;\t"
SEP = re.compile(r"sep=(.)", re.IGNORECASE)
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class CsvError(Exception):
    """The file cannot be read; the text says in which line and what would be right."""


@dataclass(frozen=True)
class Row:
    """One row: the line it begins in, and the event it tells."""

    line: int
    raw: dict[str, Any] | InvalidLine


class EventFile:
    """A CSV whose form is known to be good: encoding, quotes and header."""

    def __init__(
        self, opening: Opening, name: str, kind: EventKind, choices: FileOptions | None = None
    ) -> None:
        """CsvError when the file as a whole cannot be read."""
        self.name = name
        self.kind = kind
        self.choices = choices or FileOptions()
        self.columns = Columns(kind)
        self._opening = opening
        self.digest = self._checked_digest()
        self.shared = self._found_shared()
        self.delimiter, self.header = self._found_header()
        self.rows = sum(1 for _ in self._records()) - 1
        if self.rows < 1:
            raise CsvError(f"{name} has a header and no rows.")

    @property
    def has_ids(self) -> bool:
        return any(column and column.name == "id" for column in (*self.header, *self.shared))

    def __iter__(self) -> Iterator[Row]:
        records = self._records()
        next(records)
        seen: Counter[str] = Counter()
        for line, cells in records:
            raw = self._raw(cells)
            if isinstance(raw, dict):
                raw = raw if self.has_ids else {"id": _made_id(raw, seen), **raw}
                raw |= {"correction": "replace"} if self.choices.replaces else {}
            yield Row(line, raw)

    @property
    def names(self) -> list[str]:
        """The shortest name of each column of the file."""
        return [self.columns.short_name(column) for column in self._told]

    @property
    def _told(self) -> list[Column]:
        shared = (column for column in self.shared if column not in self.header)
        return [*(one for one in self.header if one and one is not LEFT_OUT), *shared]

    def cells_of(self, row: Row) -> list[str]:
        """What a row says under each of `names`, as it was understood."""
        if isinstance(row.raw, InvalidLine):
            return [row.raw.text, *[""] * (len(self.names) - 1)]
        return [_told(row.raw, column.path) for column in self._told]

    def cell_of(self, row: Row, column: Column) -> str:
        """What a row says in a column, as it was understood."""
        return "" if isinstance(row.raw, InvalidLine) else _told(row.raw, column.path)

    def column_of(self, field: str) -> Column | None:
        """The column that a refused field (such as data.segments.0) stands in; None for none."""
        parts = field.split(".")
        names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        return next((self.columns.all[one] for one in names if one in self.columns.all), None)

    def _raw(self, cells: Sequence[str]) -> dict[str, Any] | InvalidLine:
        if len(cells) != len(self.header):
            return self._bad(cells, f"has {len(cells)} cells and the header {len(self.header)}")
        event: dict[str, Any] = {"kind": self.kind.name}
        for one, text in self.shared.items():
            _put(event, one.path, self._read(one, text))
        for column, cell in zip(self.header, cells, strict=True):
            text = cell.strip()
            if text and column is None:
                return self._bad(cells, f"has “{text[:40]}” in a column without a name")
            if text and column and column is not LEFT_OUT:
                _put(event, column.path, self._read(column, text))
        return event

    def _read(self, column: Column, text: str) -> Any:
        zone = self.choices.zone
        return parse_in_zone(text, zone) if zone and column.is_moment else column.read(text)

    def _bad(self, cells: Sequence[str], what: str) -> InvalidLine:
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter).writerow(cells)
        return InvalidLine(text.getvalue().strip(), f"The row {what}.")

    def _checked_digest(self) -> str:
        """SHA-256 of the file, all of which is UTF-8."""
        digest, line = hashlib.sha256(), 0
        with self._opening() as file:
            for line, text in enumerate(file, 1):
                if line == 1 and text.startswith(UTF_16):
                    raise CsvError(f"{self.name} is UTF-16; save it as CSV UTF-8.")
                self._check_utf_8(text, line)
                digest.update(text)
        if not line:
            raise CsvError(f"{self.name} is empty; its first line must name the columns.")
        return digest.hexdigest()

    def _check_utf_8(self, text: bytes, line: int) -> None:
        try:
            text.decode()
        except UnicodeDecodeError as error:
            raise CsvError(
                f"Line {line} is not UTF-8 (byte {error.start + 1} is {text[error.start]:#04x}); "
                "save the file as CSV UTF-8."
            ) from None

    def _found_header(self) -> tuple[str, list[Column | None]]:
        """The delimiter by which the header has most names that are columns, and those."""
        headers = {one: self._header_by(one) for one in self._said_delimiter() or DELIMITERS}
        delimiter = max(headers, key=lambda one: self._known(headers[one]))
        # by no delimiter at all: the reader says why
        header = headers[delimiter] or self._first(delimiter)
        try:
            found = self.columns.of_header(
                header, names=self.choices.names, shared=self.shared, wording=self.choices.wording
            )
            return delimiter, found
        except ColumnsError as error:
            raise CsvError(str(error)) from None

    def _found_shared(self) -> dict[Column, str]:
        """What every row says; CsvError where that is under no column of the kind."""
        try:
            return {self.columns.one(name): text for name, text in self.choices.shared.items()}
        except ColumnsError as error:
            raise CsvError(str(error)) from None

    def _said_delimiter(self) -> str:
        """What a first line such as “sep=;” says, which Excel writes; empty where none does."""
        with self._opening() as file:
            found = SEP.fullmatch(file.readline().decode("utf-8-sig").rstrip("\r\n"))
        return found[1] if found else ""

    def _header_by(self, delimiter: str) -> list[str]:
        try:
            return self._first(delimiter)
        except CsvError:
            return []

    def _first(self, delimiter: str) -> list[str]:
        return next(self._records(delimiter), (0, [""]))[1]

    def _known(self, names: Sequence[str]) -> int:
        theirs = {plain(name) for name in self.choices.names}
        return sum(1 for name in names if self.columns.named(name) or plain(name) in theirs)

    def _records(self, delimiter: str = "") -> Iterator[tuple[int, list[str]]]:
        """Each record that is not empty, with the line it begins in."""
        with self._opening() as file:
            text = io.TextIOWrapper(file, "utf-8-sig", newline="")
            reader = csv.reader(text, delimiter=delimiter or self.delimiter, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise CsvError(_broken(line, error)) from None
                if cells is None:
                    return
                # a delimiter that it names splits the line itself
                if line == 1 and SEP.fullmatch((delimiter or self.delimiter).join(cells)):
                    continue
                if any(cell.strip() for cell in cells):
                    yield line, cells


def _broken(line: int, error: csv.Error) -> str:
    return (
        f"The row that begins in line {line} cannot be read ({error}): a cell that begins with a "
        'quote ends with one, and a quote within it stands twice ("").'
    )


def _put(event: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        event = event.setdefault(name, {})
    event[path[-1]] = value


def _told(event: Mapping[str, Any], path: tuple[str, ...]) -> str:
    found: Any = event
    for name in path:
        found = found.get(name, {})
    if found == {}:
        return ""
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _made_id(raw: Mapping[str, Any], seen: Counter[str]) -> str:
    """An id by the row's content: the same row in another file is the same event.

    Rows that are alike within one file are told apart by a count.
    """
    text = json.dumps(raw, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:40]
    seen[digest] += 1
    return f"row-{digest}" if seen[digest] == 1 else f"row-{digest}-{seen[digest]}"
