"""Write the tables of a report as CSV files with readable headings, in one ZIP file."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from core.csv_text import csv_text
from presentation.reports.blocks import Report
from presentation.reports.grids import Grid, Value, grids_of

# without it, spreadsheets read UTF-8 as the letters of an old code page
BYTE_ORDER_MARK = "\ufeff"


def report_csv(report: Report) -> bytes:
    """Write one file per table, in the order of the report."""
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for at, grid in enumerate(grids_of(report), start=1):
            archive.writestr(f"{at:02}-{file_name(grid.name)}.csv", grid_csv(grid))
    return file.getvalue()


def grid_csv(grid: Grid) -> str:
    """Write numbers in the unit of their heading: 89.7 below “Completion rate (%)”."""
    headings = _unique(grid.headings)
    rows = [dict(zip(headings, map(_plain, row), strict=True)) for row in grid.rows]
    return BYTE_ORDER_MARK + csv_text(rows, headings)


def _plain(value: Value) -> str | float:
    return value.text if value.number is None else value.unit.shown(value.number) or 0.0


def _unique(headings: Sequence[str]) -> list[str]:
    """Number headings that occur twice."""
    counts: Counter[str] = Counter()
    found = []
    for one in headings:
        counts[one] += 1
        found.append(one if counts[one] == 1 else f"{one} {counts[one]}")
    return found


def file_name(name: str) -> str:
    """Return the name in lower case, its words joined by hyphens."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")[:60] or "table"
