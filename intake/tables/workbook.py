"""Read a sheet of an Excel workbook, row by row, with the values of formulas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date, datetime, time
from typing import Any
from zipfile import BadZipFile

from django.utils.translation import gettext
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from intake.tables.errors import TableError
from intake.tables.text import OpenFile, Record

# what openpyxl raises for a workbook whose parts are missing or broken
BROKEN = (BadZipFile, InvalidFileException, KeyError, ValueError, EOFError, SyntaxError)

FORMULA, VISIBLE = "f", "visible"
# a sheet of fewer rows is read once and kept
MOST_KEPT = 50_000


class XlsxTable:
    """One sheet of a workbook; its lines are the numbers of its rows."""

    delimiters = "\t"
    encoding = ""

    def __init__(self, open_file: OpenFile, name: str, digest: str, sheet: str = "") -> None:
        """Raises TableError if the workbook is broken or has no such sheet."""
        self.name = name
        self.digest = digest
        self._open = open_file
        with _broken_as_error(self.name), self._load(values=True) as book:
            # hidden sheets come last, so that a visible one is recognized first
            shown = sorted(book.worksheets, key=lambda one: one.sheet_state != VISIBLE)
            self.sheets = [one.title for one in shown]
        if sheet and sheet not in self.sheets:
            message = gettext("%(file)s has no sheet “%(sheet)s”. Its sheets: %(sheets)s.")
            raise TableError(
                message % {"file": name, "sheet": sheet, "sheets": ", ".join(self.sheets)}
            )
        self.sheet = sheet or self.sheets[0]
        self._kept: list[Record] | None = None

    def records(self, delimiter: str = "") -> Iterator[Record]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Record] = []
        for record in self._read():
            if len(kept) < MOST_KEPT:
                kept.append(record)
            yield record
        if len(kept) < MOST_KEPT:
            self._kept = kept

    def _read(self) -> Iterator[Record]:
        with _broken_as_error(self.name), ExitStack() as stack:
            sheet = self._sheet(stack, values=False)
            values: Iterator[Any] | None = None
            for line, cells in enumerate(sheet.iter_rows(), 1):
                shown = cells
                if any(cell.data_type == FORMULA for cell in cells):
                    # only then is the sheet read a second time, for the values of formulas
                    values = values or enumerate(self._sheet(stack, values=True).iter_rows(), 1)
                    shown = next(row for at, row in values if at == line)
                texts = [self._text_of(*pair) for pair in zip(shown, cells, strict=False)]
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    yield Record(line, texts)

    def _sheet(self, stack: ExitStack, *, values: bool) -> Any:
        sheet = stack.enter_context(self._load(values=values))[self.sheet]
        # a sheet may claim to be 16,384 columns wide
        sheet.reset_dimensions()
        return sheet

    def _text_of(self, cell: Any, written: Any) -> str:
        if written.data_type == FORMULA and cell.value is None:
            message = gettext(
                "Cell %(cell)s of sheet “%(sheet)s” has the formula %(formula)s but no value. Open "
                "%(file)s in a spreadsheet program and save it, or replace the formula."
            )
            raise TableError(
                message
                % {
                    "cell": written.coordinate,
                    "sheet": self.sheet,
                    "formula": str(written.value)[:60],
                    "file": self.name,
                }
            )
        return text_of(cell.value, is_share="%" in (written.number_format or ""))

    @contextmanager
    def _load(self, *, values: bool) -> Iterator[Any]:
        with (
            self._open() as file,
            closing(
                load_workbook(file, read_only=True, data_only=values, keep_links=False)
            ) as book,
        ):
            yield book


@contextmanager
def _broken_as_error(name: str) -> Iterator[None]:
    """Turn what the library raises for a broken workbook into a TableError."""
    try:
        yield
    except BROKEN as error:
        message = gettext("%(file)s is not a complete workbook. Save or download it again.")
        raise TableError(message % {"file": name}) from error


def text_of(value: Any, *, is_share: bool = False) -> str:
    """Return a cell as it would be written in a CSV file, dates in ISO 8601, a share as 82.5%."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (is_share and isinstance(value, int)):
        return f"{value * 100:.12g}%" if is_share else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()
