"""Open any file as something to choose about and to import: a tool's file, or one to map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext

from core.lazy_text import LazyText
from intake.csv.options import COMMAND, OptionNames
from intake.csv.source import EventSource
from intake.files.choices import Choice, ChoicesError, Chosen, check, enroll_choice
from intake.files.mapping import MappedFile
from intake.files.recognition import Recognized, recognize
from intake.files.shapes.base import Shape
from intake.files.shapes.oneroster import OneRoster
from intake.files.tool_file import Found, TableReading, ToolFile, found_in
from intake.tables.errors import TableError
from intake.tables.opening import ManyTables, Table, open_tables
from intake.tables.text import OpenFile

COLUMNS = "columns"


class Opened(Protocol):
    """A file that was opened; `key` names its kind, which a saved mapping repeats."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> LazyText: ...
    @property
    def about(self) -> LazyText: ...
    @property
    def sheets(self) -> Sequence[str]: ...
    def choices(self, answers: Mapping[str, str]) -> Sequence[Choice]: ...
    def source(
        self, answers: Mapping[str, str], sender: str, names: OptionNames = COMMAND
    ) -> EventSource: ...


def open_file(
    open_file: OpenFile,
    name: str,
    *,
    shape: str = "",
    encoding: str = "",
    sheet: str = "",
    header_line: int = 0,
) -> Opened:
    """Open a file of any format and recognize it; raises TableError if it cannot be read.

    With a `shape`, it must be such a file; `columns` opens any table to map its columns.
    """
    tables = open_tables(open_file, name, encoding=encoding, sheet=sheet)
    if isinstance(tables, ManyTables):
        return OneRosterFile(OneRoster(tables))
    named = "" if shape == COLUMNS else shape
    sheets = [sheet] if sheet or len(tables.sheets) < 2 else tables.sheets
    found = _best(
        recognize(
            _sheet(open_file, name, encoding, one) if one else tables,
            shape=named if len(sheets) == 1 else "",
            header_line=header_line,
        )
        for one in sheets
    )
    if found.shape and shape in ("", found.shape.key):
        return RecognizedFile(found, found.shape)
    if named:
        # says what the file lacks
        recognize(found.rows.table, shape=named, header_line=header_line)
    return MappedFile(found.rows)


def _sheet(open_file: OpenFile, name: str, encoding: str, sheet: str) -> Table:
    table = open_tables(open_file, name, encoding=encoding, sheet=sheet)
    if isinstance(table, ManyTables):
        raise TypeError(name)
    return table


def _best(found: Iterable[Recognized]) -> Recognized:
    """Return the first sheet that is recognized, else the first with rows below its header."""
    best: Recognized | None = None
    for one in found:
        if one.shape:
            return one
        if best is None or not any(True for _ in best.rows):
            best = one
    if best is None:
        raise TypeError
    return best


@dataclass
class RecognizedFile:
    """A file of a tool that was recognized by its header."""

    found: Recognized
    shape: Shape

    def __post_init__(self) -> None:
        self.key, self.title, self.about = self.shape.key, self.shape.title, self.shape.about
        self.sheets = self.found.rows.table.sheets
        self.sample = self.found.rows.sample()
        if not self.sample.records:
            message = gettext("%(file)s has a header but no rows.")
            raise TableError(message % {"file": self.found.rows.table.name})

    def choices(self, answers: Mapping[str, str]) -> Sequence[Choice]:
        enroll = [enroll_choice()] if self.shape.has_learners else []
        return [*self.shape.choices(self.sample), *enroll]

    def source(
        self, answers: Mapping[str, str], sender: str, names: OptionNames = COMMAND
    ) -> EventSource:
        """Return the events of the file; raises ChoicesError if answers are missing or wrong."""
        check(self.choices(answers), answers)
        chosen = Chosen(answers)
        if problems := self.shape.problems(self.sample, chosen):
            raise ChoicesError(problems)
        return ToolFile(TableReading(self.found.rows, self.shape, chosen), sender, chosen, names)


@dataclass
class OneRosterFile:
    """A set of files in one ZIP."""

    tables: OneRoster
    sheets: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.key, self.title, self.about = OneRoster.key, OneRoster.title, OneRoster.about

    def choices(self, answers: Mapping[str, str]) -> Sequence[Choice]:
        return self.tables.choices()

    def source(
        self, answers: Mapping[str, str], sender: str, names: OptionNames = COMMAND
    ) -> EventSource:
        check(self.choices(answers), answers)
        chosen = Chosen(answers)
        return ToolFile(OneRosterReading(self.tables, chosen), sender, chosen, names)


@dataclass
class OneRosterReading:
    tables: OneRoster
    chosen: Chosen

    def __post_init__(self) -> None:
        self.name, self.digest = self.tables.name, self.tables.tables.digest
        self.shape = OneRoster.key

    def __iter__(self) -> Iterator[Found]:
        for part, record, made in self.tables.read(self.chosen):
            yield from found_in(record, made, part)
