"""Tables in a PDF file; one with many columns gets pages across."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace
from fpdf.table import Table as PdfTable

from core.pdf_fonts import composed
from presentation.reports.blocks import Cell, Column, Table
from presentation.reports.ink import INK, LINE, MUTED, SUNKEN, Paper, tone_of

# more columns do not fit on an upright page
MOST_UPRIGHT = 9
HEADING = FontFace(emphasis="BOLD", color=MUTED, fill_color=None)
GROUP = FontFace(emphasis="BOLD", color=INK, fill_color=SUNKEN)


def is_wide(table: Table) -> bool:
    return len(table.columns) > MOST_UPRIGHT


def write_table(pdf: Paper, table: Table) -> None:
    """Write the rows with their headings on each page."""
    has_groups = any(one.group for one in table.columns)
    pdf.pen(6.5 if len(table.columns) > 6 else 7.5)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.15)
    with pdf.table(
        col_widths=_widths(table),
        text_align=tuple("RIGHT" if one.is_number else "LEFT" for one in table.columns),
        headings_style=HEADING,
        num_heading_rows=2 if has_groups else 1,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=pdf.font_size * 1.35,
        padding=(0.7, 0.8),
        v_align="T",
    ) as written:
        if has_groups:
            _group_row(written, table)
        written.row([composed(one.label) for one in table.columns])
        for cells in table.rows:
            _row(written, table.columns, cells)
    pdf.ln(2)


def _widths(table: Table) -> tuple[float, ...]:
    """Texts get as much as their longest needs, within bounds, numbers less."""
    return tuple(_width(table, at, column) for at, column in enumerate(table.columns))


def _width(table: Table, at: int, column: Column) -> float:
    texts = [len(row[at].text) for row in table.rows if len(row) > at and len(row) > 1]
    longest = max([*texts, *(len(word) for word in column.label.split())], default=1)
    return float(min(max(longest, 5), 16 if column.is_number else 32)) + 2


def _group_row(written: PdfTable, table: Table) -> None:
    row = written.row()
    for group, columns in groupby(table.columns, key=lambda one: one.group):
        row.cell(composed(group), colspan=len(list(columns)))


def _row(written: PdfTable, columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    row = written.row()
    if len(cells) == 1 < len(columns):
        row.cell(composed(cells[0].text), colspan=len(columns), style=GROUP)
        return
    for cell in cells:
        style = None if cell.is_good is None else FontFace(color=tone_of(cell.is_good))
        row.cell(composed(cell.text), style=style)
