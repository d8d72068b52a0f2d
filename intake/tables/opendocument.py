"""Read a sheet of an OpenDocument spreadsheet, with repeated rows and cells as such."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax import SAXException
from zipfile import BadZipFile

from django.utils.translation import gettext
from odf import opendocument, teletype
from odf.table import Table, TableCell, TableRow
from odf.text import P

from intake.tables.errors import TableError
from intake.tables.text import OpenFile, Record

# a sheet is padded to its end by repetition: more than this many filled rows is no data
MOST_REPEATED = 10_000


class OdsTable:
    """One sheet of a document; its lines are the numbers of its rows."""

    delimiters = "\t"
    encoding = ""

    def __init__(self, open_file: OpenFile, name: str, digest: str, sheet: str = "") -> None:
        """Raises TableError if the document is broken or has no such sheet."""
        self.name = name
        self.digest = digest
        try:
            with open_file() as file:
                tables = opendocument.load(file).getElementsByType(Table)
        except (BadZipFile, SAXException, KeyError, ValueError, EOFError) as error:
            message = gettext("%(file)s is not a complete spreadsheet. Save or download it again.")
            raise TableError(message % {"file": name}) from error
        by_name = {one.getAttribute("name"): one for one in tables}
        self.sheets = list(by_name)
        if not by_name or (sheet and sheet not in by_name):
            message = gettext("%(file)s has no sheet “%(sheet)s”. Its sheets: %(sheets)s.")
            raise TableError(
                message % {"file": name, "sheet": sheet, "sheets": ", ".join(self.sheets)}
            )
        self.sheet = sheet or self.sheets[0]
        self._table = by_name[self.sheet]

    def records(self, delimiter: str = "") -> Iterator[Record]:
        line = 1
        for row in self._table.getElementsByType(TableRow):
            times = int(row.getAttribute("numberrowsrepeated") or 1)
            cells = self._cells(row, line)
            if any(cells):
                if times > MOST_REPEATED:
                    message = gettext("Row %(line)s of “%(sheet)s” is repeated %(times)s times.")
                    raise TableError(message % {"line": line, "sheet": self.sheet, "times": times})
                for copy in range(times):
                    yield Record(line + copy, list(cells))
            line += times

    def _cells(self, row: Any, line: int) -> list[str]:
        cells: list[str] = []
        gap = 0
        for cell in row.getElementsByType(TableCell):
            times = int(cell.getAttribute("numbercolumnsrepeated") or 1)
            text = self._text_of(cell, line)
            if not text:
                # the last empty cell is repeated to the end of the sheet
                gap += times
                continue
            cells += [""] * gap + [text] * min(times, MOST_REPEATED)
            gap = 0
        return cells

    def _text_of(self, cell: Any, line: int) -> str:
        kind = cell.getAttribute("valuetype")
        if kind == "date":
            return str(cell.getAttribute("datevalue")).replace("T", " ")
        if kind == "boolean":
            return str(cell.getAttribute("booleanvalue"))
        if kind == "percentage":
            return f"{float(cell.getAttribute('value')) * 100:.12g}%"
        if kind in ("float", "currency"):
            return f"{float(cell.getAttribute('value')):.15g}"
        text = "\n".join(teletype.extractText(one) for one in cell.getElementsByType(P)).strip()
        if cell.getAttribute("formula") and not kind:
            message = gettext(
                "A cell in row %(line)s of “%(sheet)s” has a formula but no value. Open %(file)s "
                "in a spreadsheet program and save it."
            )
            raise TableError(message % {"line": line, "sheet": self.sheet, "file": self.name})
        return text
