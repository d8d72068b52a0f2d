"""Tables in a PDF file; one with many columns gets pages across."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from fpdf.enums import Align, TableBordersLayout
from fpdf.fonts import FontFace
from fpdf.table import Table as PdfTable

from core.pdf_fonts import composed
from presentation.reports.blocks import Cell, Column, Table
from presentation.reports.ink import INK, LINE, MUTED, SUNKEN, WHITE, Paper, tone_of

# more columns do not fit on an upright page
MOST_UPRIGHT = 9
GUTTER, MEASURED = 1.3, 200
HEADING = FontFace(emphasis="BOLD", color=MUTED, fill_color=WHITE)
GROUP = FontFace(emphasis="BOLD", color=INK, fill_color=SUNKEN)


def is_wide(table: Table) -> bool:
    return len(table.columns) > MOST_UPRIGHT


def write_table(pdf: Paper, table: Table) -> None:
    """Write the rows with their headings on each page."""
    pdf.keep_together(24)
    has_groups = any(one.group for one in table.columns)
    pdf.pen(6.5 if len(table.columns) > 6 else 7.5)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.15)
    # cells without a color of their own are filled with it
    pdf.set_fill_color(*WHITE)
    with pdf.table(
        col_widths=_widths(pdf, table),
        text_align=tuple("RIGHT" if one.is_number else "LEFT" for one in table.columns),
        headings_style=HEADING,
        num_heading_rows=2 if has_groups else 1,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=pdf.font_size * 1.35,
        padding=(0.7, GUTTER),
        v_align="T",
    ) as written:
        if has_groups:
            _group_row(written, table)
        written.row([composed(one.label) for one in table.columns])
        for cells in table.rows:
            _row(written, table.columns, cells)
    pdf.ln(2)


def _widths(pdf: Paper, table: Table) -> tuple[float, ...]:
    """Give each column what its longest text and heading word need; long texts are wrapped."""
    rows = [row for row in table.rows if len(row) == len(table.columns)]
    needed = []
    for at, column in enumerate(table.columns):
        words = [(word, True) for word in column.label.split()]
        texts = [(row[at].text, False) for row in rows[:MEASURED]]
        widest = max((_width(pdf, *one) for one in [*words, *texts]), default=0)
        needed.append(min(widest, pdf.epw / 3) + 2 * GUTTER + 0.5)
    return tuple(needed)


def _width(pdf: Paper, text: str, is_bold: bool) -> float:
    # bold letters are wider by about an eighth
    return float(pdf.get_string_width(composed(text))) * (1.13 if is_bold else 1)


def _group_row(written: PdfTable, table: Table) -> None:
    row = written.row()
    for group, columns in groupby(table.columns, key=lambda one: one.group):
        row.cell(composed(group), colspan=len(list(columns)), align=Align.C)


def _row(written: PdfTable, columns: Sequence[Column], cells: Sequence[Cell]) -> None:
    row = written.row()
    if len(cells) == 1 < len(columns):
        row.cell(composed(cells[0].text), colspan=len(columns), style=GROUP)
        return
    for cell in cells:
        style = None if cell.is_good is None else FontFace(color=tone_of(cell.is_good))
        row.cell(composed(cell.text), style=style)
