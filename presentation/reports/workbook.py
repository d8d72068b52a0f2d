"""Write a report as an Excel workbook: a sheet per table, and one about filters and definitions."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, TYPE_STRING
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from kpis.definitions.units import Money, Unit
from presentation.reports.blocks import Report
from presentation.reports.grids import Grid, Value, grids_of

LONGEST_NAME, LONGEST_TEXT = 31, 32_000
NARROW, WIDE = 10, 48
BOLD = Font(bold=True)


def report_workbook(report: Report) -> bytes:
    book = Workbook()
    about = book.active
    assert isinstance(about, Worksheet)  # noqa: S101 - a new workbook has a sheet
    about.title = gettext("About")
    _about(about, report)
    for grid in grids_of(report):
        _sheet(book.create_sheet(sheet_name(grid.name, book.sheetnames)), grid)
    # the figures first, what they mean behind them
    book.move_sheet(about, len(book.sheetnames) - 1)
    book.active = 0
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet_name(name: str, taken: Sequence[str]) -> str:
    """Return a name that Excel accepts and no other sheet has."""
    base = re.sub(r"[\\\\/*?:\[\]']", " ", name).strip()[:LONGEST_NAME] or "1"
    found, lower, at = base, {one.lower() for one in taken}, 2
    while found.lower() in lower:
        found = f"{base[: LONGEST_NAME - 4]} {at}"
        at += 1
    return found


def _sheet(sheet: Worksheet, grid: Grid) -> None:
    for column, heading in enumerate(grid.headings, start=1):
        cell = _text(sheet, 1, column, heading)
        cell.font = BOLD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for at, row in enumerate(grid.rows, start=2):
        for column, value in enumerate(row, start=1):
            _write(sheet, at, column, value)
    sheet.freeze_panes = "B2"
    for column, heading in enumerate(grid.headings):
        longest = max((len(row[column].text) for row in grid.rows), default=0)
        width = min(max(longest + 2, min(len(heading), 16), NARROW), WIDE)
        sheet.column_dimensions[sheet.cell(1, column + 1).column_letter].width = width


def _write(sheet: Worksheet, row: int, column: int, value: Value) -> None:
    if value.number is None:
        if value.text:
            _text(sheet, row, column, value.text)
        return
    cell = sheet.cell(row, column)
    cell.number_format = number_format(value.unit)
    is_share = value.unit.symbol == "%"
    cell.value = value.number if is_share else value.unit.shown(value.number)


def _text(sheet: Worksheet, row: int, column: int, text: str) -> SheetCell:
    """Write a text as such: one that begins with = is not a formula."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, SheetCell)  # noqa: S101 - no cells are merged
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST_TEXT]
    cell.data_type = TYPE_STRING
    return cell


def number_format(unit: Unit) -> str:
    """Return Excel's format of a unit: 0.0% for shares."""
    places = f".{'0' * unit.places}" if unit.places else ""
    if unit.symbol == "%":
        return f"0{places}%"
    name = unit.symbol if isinstance(unit, Money) else gettext(unit.symbol) if unit.symbol else ""
    return f'#,##0{places} "{name}"' if name else f"#,##0{places}"


def _about(sheet: Worksheet, report: Report) -> None:
    rows = [(report.title, ""), *report.facts, *((note, "") for note in report.notes)]
    rows += [("", ""), (gettext("Definitions"), ""), *report.definitions]
    rows += [("", ""), *((note, "") for one in report.sections for note in one.notes)]
    for at, (name, text) in enumerate(rows, start=1):
        _text(sheet, at, 1, name).font = BOLD if text or at == 1 else Font()
        _text(sheet, at, 2, text).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 32, 90
