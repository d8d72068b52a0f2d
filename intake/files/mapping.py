"""A file that nobody recognizes: people point at what each of its columns is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext, gettext_lazy

from intake.csv.columns import Column, Columns
from intake.csv.options import COMMAND, FileOptions, OptionNames
from intake.csv.reading import EventFile
from intake.csv.source import EventSource
from intake.event_kinds import KINDS
from intake.files.choices import (
    Choice,
    ChoicesError,
    Chosen,
    Option,
    check,
    decimal_choice,
    order_choice,
    zone_choice,
)
from intake.files.records import RecordTable
from intake.tables.errors import TableError
from intake.tables.text import Record as Line

COLUMN, VALUE = "column:", "value:"
LEAVE_OUT = "-"


class UnderHeader:
    """A table that begins with the header that was found, whose repeated names are numbered."""

    def __init__(self, rows: RecordTable) -> None:
        table = rows.table
        self.name, self.digest, self.encoding = table.name, table.digest, table.encoding
        self.sheets, self.delimiters = table.sheets, rows.delimiter
        self._rows = rows

    def records(self, delimiter: str) -> Iterator[Line]:
        header = self._rows.header
        yield Line(header.line, list(header.names))
        for line in self._rows.lines():
            cells = line.cells
            if self.sheets:
                # spreadsheets do not store what is empty at the end of a row
                cells = [*cells, *[""] * (len(header.names) - len(cells))]
            yield Line(line.line, cells)


@dataclass
class MappedFile:
    """A table whose rows are events of one kind, by the answers of a person."""

    rows: RecordTable
    key = "columns"
    title = gettext_lazy("Columns to map")
    about = gettext_lazy("Each row becomes an event of the kind that you choose.")

    def __post_init__(self) -> None:
        self.sheets = self.rows.table.sheets
        self.sample = self.rows.sample()
        if not self.sample.records:
            message = gettext("%(file)s has a header but no rows.")
            raise TableError(message % {"file": self.rows.table.name})

    def choices(self, answers: Mapping[str, str]) -> Sequence[Choice]:
        kinds = [Option(name, name, _first_sentence(KINDS[name].help)) for name in sorted(KINDS)]
        label, help_text = gettext("Kind"), gettext("What each row of the file reports.")
        kind = Choice("kind", label, help_text, kinds)
        if answers.get("kind") not in KINDS:
            return [kind]
        columns = Columns(KINDS[answers["kind"]])
        names = [one for one in self.sample.header.names if one.strip()]
        return [
            kind,
            *self._column_choices(names, columns),
            *(_value_choice(columns, one) for one in _fillable(columns)),
            *zone_choice(self.sample, *names),
            *order_choice(self.sample, *names),
            *decimal_choice(self.sample, *names),
        ]

    def source(
        self, answers: Mapping[str, str], sender: str, names: OptionNames = COMMAND
    ) -> EventSource:
        """Return the events; raises ChoicesError, or TableError if a needed column is missing."""
        check(self.choices(answers), answers)
        chosen = Chosen(answers)
        if problems := self._repeated(chosen):
            raise ChoicesError(problems)
        renamed = {
            name: "" if ours == LEAVE_OUT else ours
            for name in self.sample.header.names
            if (ours := chosen.get(f"{COLUMN}{name}", LEAVE_OUT)) and name.strip()
        }
        shared = {
            name.removeprefix(VALUE): chosen[name] for name in answers
            if name.startswith(VALUE) and answers[name]
        }  # fmt: skip
        options = FileOptions(
            zone=chosen.zone, renamed=renamed, shared=shared,
            replaces=chosen.get("replace") == "yes", order=chosen.get("date_order", ""),
            decimal=chosen.get("decimal", ""), names=names,
        )  # fmt: skip
        return EventFile(UnderHeader(self.rows), KINDS[chosen["kind"]], options)

    def _repeated(self, chosen: Chosen) -> dict[str, str]:
        """Return the columns that are mapped to the same field as one before them."""
        first: dict[str, str] = {}
        found = {}
        for name in self.sample.header.names:
            ours = chosen.get(f"{COLUMN}{name}", LEAVE_OUT)
            if ours != LEAVE_OUT and first.setdefault(ours, name) != name:
                message = gettext("“%(other)s” is “%(field)s” already; choose one of them.")
                found[f"{COLUMN}{name}"] = message % {"other": first[ours], "field": ours}
        return found

    def _column_choices(self, names: Sequence[str], columns: Columns) -> Iterator[Choice]:
        """Yield a question per column; each field is proposed once."""
        exact = {columns.short_name(one) for name in names if (one := columns.find(name))}
        proposed = set(exact)
        for name in dict.fromkeys(names):
            choice = self._column_choice(name, columns)
            if choice.proposed in proposed:
                choice = replace(choice, proposed="")
            proposed.add(choice.proposed)
            yield choice

    def _column_choice(self, name: str, columns: Columns) -> Choice:
        values = ", ".join(f"“{one[:40]}”" for one in self.sample.values(name))
        help_text = gettext("Values: %(values)s.") % {"values": values or gettext("none")}
        options = [
            Option(LEAVE_OUT, gettext("Leave out")),
            *(Option(short, short, one.form) for short, one in columns.by_short_name.items()),
        ]
        exact = columns.find(name)
        return Choice(
            f"{COLUMN}{name}", name[:200], help_text, options,
            columns.short_name(exact) if exact else LEAVE_OUT,
            proposed="" if exact else columns.similar(name),
        )  # fmt: skip


def _fillable(columns: Columns) -> list[Column]:
    """Return the columns that may have one value for all rows."""
    names = ("course", "run", "data.survey", "data.wave", "data.currency", "data.max")
    return [columns.all[name] for name in names if name in columns.all]


def _value_choice(columns: Columns, column: Column) -> Choice:
    name = columns.short_name(column)
    label = gettext("Value of “%(column)s” for all rows") % {"column": name}
    help_text = gettext("Only if no column of the file has it, such as %(example)s.")
    return Choice(
        f"{VALUE}{name}", label, help_text % {"example": column.example}, is_required=False
    )


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".").replace("`", "")
