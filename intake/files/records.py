"""The rows of a table under its header, with the names of the columns as the tool writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.utils.translation import gettext

from intake.tables.errors import TableError
from intake.tables.opening import Table
from intake.tables.text import Record as Line

# rows that are looked at to recognize a file and to show examples
LOOKED_AT = 1_000
# lines above the header that are looked at
PREAMBLE = 20
MOST_COLUMNS = 1_000
SAMPLES = 3


def plain(name: str) -> str:
    """Normalize a column name: case, the width of spaces and underscores do not matter."""
    return " ".join(name.replace("\ufeff", "").replace("_", " ").split()).casefold()


def numbered(names: Sequence[str]) -> list[str]:
    """Number names that are repeated: Why?, Why? (2)."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[plain(name)] += 1
        times = seen[plain(name)]
        found.append(f"{name.strip()} ({times})" if times > 1 and name.strip() else name)
    return found


@dataclass(frozen=True)
class Header:
    """The names of the columns, and the line in which they stand; `rows` is 0 without a header.

    A name that is repeated gets a number, so that no column hides another.
    """

    line: int
    names: Sequence[str]
    rows: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", numbered(self.names))
        if len(self.names) > MOST_COLUMNS:
            message = gettext("Line %(line)s has %(columns)s columns; at most %(limit)s are read.")
            raise TableError(
                message % {"line": self.line, "columns": len(self.names), "limit": MOST_COLUMNS}
            )

    @property
    def plain(self) -> list[str]:
        return [plain(name) for name in self.names]

    def find(self, *names: str) -> str:
        """Return the column with the first of these names; empty if there is none."""
        by_plain = dict(zip(self.plain, self.names, strict=True))
        return next((by_plain[one] for name in names if (one := plain(name)) in by_plain), "")


class Record:
    """A row: its line, and the text of each cell by the name of its column."""

    __slots__ = ("_by_plain", "line")

    def __init__(self, line: int, names: Sequence[str], cells: Sequence[str]) -> None:
        self.line = line
        self._by_plain: dict[str, str] = {}
        for name, cell in zip(names, cells, strict=False):
            self._by_plain.setdefault(name, cell.strip())

    def get(self, *names: str) -> str:
        """Return the cell under the first of these names that the file has."""
        return next(
            (self._by_plain[one] for name in names if (one := plain(name)) in self._by_plain), ""
        )

    @property
    def is_header(self) -> bool:
        """True if it repeats the names of the columns, as in files that were put together."""
        filled = [(name, cell) for name, cell in self._by_plain.items() if cell]
        return len(filled) > 1 and all(plain(cell) == name for name, cell in filled)

    @property
    def first(self) -> str:
        """The first cell that is not empty."""
        return next((one for one in self._by_plain.values() if one), "")

    @property
    def text(self) -> str:
        return ", ".join(self._by_plain.values())


@dataclass(frozen=True)
class Sample:
    """The header and the first rows of a file, from which choices and examples are made."""

    header: Header
    records: Sequence[Record]
    name: str = ""
    delimiter: str = ","

    def values(self, *columns: str, limit: int | None = SAMPLES) -> list[str]:
        """Return the first different values of the columns, or all of them."""
        found = (one.get(column) for one in self.records for column in columns)
        return list(islice(dict.fromkeys(one for one in found if one), limit))

    def first_line(self, column: str, value: str) -> int:
        return next((one.line for one in self.records if one.get(column) == value), 0)


@dataclass
class RecordTable:
    """A table read with a header; a header of two rows has been joined to one."""

    table: Table
    delimiter: str
    header: Header
    _names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self._names = self.header.plain

    def lines(self) -> Iterator[Line]:
        """Yield the rows after the header."""
        lines = (one for one in self.table.records(self.delimiter) if one.line >= self.header.line)
        return islice(lines, self.header.rows, None)

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows after the header; raises TableError for a row with too many cells."""
        for line, cells in self.lines():
            if any(cell.strip() for cell in cells[len(self._names) :]):
                message = gettext(
                    "Line %(line)s has %(cells)s cells, but the header in line %(header)s has "
                    "%(columns)s."
                )
                raise TableError(
                    message
                    % {
                        "line": line,
                        "cells": len(cells),
                        "header": self.header.line,
                        "columns": len(self._names),
                    }
                )
            yield Record(line, self._names, cells)

    def sample(self) -> Sample:
        records = list(islice(self, LOOKED_AT))
        return Sample(self.header, records, self.table.name, self.delimiter)


def joined(rows: Iterable[Sequence[str]]) -> list[str]:
    """Join two header rows: an option below a question becomes “Question: option”.

    The name of a question stands above the first of its options only.
    """
    first, second = rows
    width = max(len(first), len(second))
    above, below = ([*row, *[""] * (width - len(row))] for row in (first, second))
    names, question = [], ""
    for top, bottom in zip(above, below, strict=True):
        question = top.strip() or question
        option = bottom.strip()
        names.append(question if not option or option in ANSWERS else f"{question}: {option}")
    return names


# what stands below a question that is not divided
ANSWERS = ("Response", "Open-Ended Response")  # not translated: as SurveyMonkey writes it
