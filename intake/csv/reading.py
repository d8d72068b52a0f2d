"""A CSV of events of one kind: looked through once from end to end, then read row by row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from intake.csv.columns import Column, Columns, ColumnsError
from intake.registry import Kind
from intake.wire import BadLine

Opening = Callable[[], BinaryIO]
DELIMITERS = ",;\t"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class CsvError(Exception):
    """The file cannot be read; the text says in which line and what would be right."""


@dataclass(frozen=True)
class Row:
    """One row: the line it begins in, and the event it tells."""

    line: int
    raw: dict[str, Any] | BadLine


class EventFile:
    """A CSV whose form is known to be good: encoding, quotes and header."""

    def __init__(self, opening: Opening, name: str, kind: Kind) -> None:
        """CsvError when the file as a whole cannot be read."""
        self.name = name
        self.kind = kind
        self.columns = Columns(kind)
        self._opening = opening
        self.digest = self._checked_digest()
        self.delimiter, self.header = self._found_header()
        self.rows = sum(1 for _ in self._records()) - 1
        if self.rows < 1:
            raise CsvError(f"{name} has a header and no rows.")

    @property
    def has_ids(self) -> bool:
        return any(column and column.name == "id" for column in self.header)

    def __iter__(self) -> Iterator[Row]:
        records = self._records()
        next(records)
        seen: Counter[str] = Counter()
        for line, cells in records:
            raw = self._raw(cells)
            if isinstance(raw, dict):
                raw = raw if self.has_ids else {"id": _made_id(raw, seen), **raw}
            yield Row(line, raw)

    @property
    def names(self) -> list[str]:
        """The shortest name of each column of the file."""
        return [self.columns.short_name(column) for column in self.header if column]

    def cells_of(self, row: Row) -> list[str]:
        """What a row says under each of `names`, as it was understood."""
        if isinstance(row.raw, BadLine):
            return [row.raw.text, *[""] * (len(self.names) - 1)]
        return [_told(row.raw, column.path) for column in self.header if column]

    def column_of(self, field: str) -> Column | None:
        """The column that a refused field (such as data.segments.0) stands in; None for none."""
        parts = field.split(".")
        names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
        return next((self.columns.all[one] for one in names if one in self.columns.all), None)

    def _raw(self, cells: Sequence[str]) -> dict[str, Any] | BadLine:
        if len(cells) != len(self.header):
            return self._bad(cells, f"has {len(cells)} cells and the header {len(self.header)}")
        event: dict[str, Any] = {"kind": self.kind.name}
        for column, cell in zip(self.header, cells, strict=True):
            text = cell.strip()
            if text and column is None:
                return self._bad(cells, f"has “{text[:40]}” in a column without a name")
            if text and column:
                _put(event, column.path, column.read(text))
        return event

    def _bad(self, cells: Sequence[str], what: str) -> BadLine:
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter).writerow(cells)
        return BadLine(text.getvalue().strip(), f"The row {what}.")

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
        headers = {one: self._header_by(one) for one in DELIMITERS}
        delimiter = max(headers, key=lambda one: self._known(headers[one]))
        # by no delimiter at all: the reader says why
        header = headers[delimiter] or self._first(delimiter)
        try:
            return delimiter, self.columns.of_header(header)
        except ColumnsError as error:
            raise CsvError(str(error)) from None

    def _header_by(self, delimiter: str) -> list[str]:
        try:
            return self._first(delimiter)
        except CsvError:
            return []

    def _first(self, delimiter: str) -> list[str]:
        return next(self._records(delimiter), (0, [""]))[1]

    def _known(self, names: Sequence[str]) -> int:
        return sum(1 for name in names if self.columns.named(name))

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
