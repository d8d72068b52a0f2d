"""Recognize a file: its delimiter, its header below any preamble, and the tool it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext

from intake.files.records import PREAMBLE, Header, RecordTable
from intake.files.shapes.base import Shape
from intake.files.shapes.registry import SHAPES, shape_of
from intake.tables.errors import TableError
from intake.tables.opening import Table
from intake.tables.text import Record as Line

LOOKED_AT = 200


@dataclass(frozen=True)
class Recognized:
    """A table with its header, and the shape that it has; without one, people map its columns."""

    rows: RecordTable
    shape: Shape | None


def recognize(table: Table, *, shape: str = "", header_line: int = 0) -> Recognized:
    """Find the header and the shape of a table.

    Raises TableError if the table has no rows, or not the shape that somebody names.
    """
    starts = {one: _start(table, one) for one in table.delimiters}
    for delimiter, lines in starts.items():
        for at, line in enumerate(lines[:PREAMBLE]):
            found = shape_of(lines[at:], shape) if header_line in (0, line.line) else None
            if found:
                return Recognized(RecordTable(table, delimiter, found[1]), found[0])
    if shape:
        raise TableError(_not_this_shape(table, SHAPES[shape], starts))
    delimiter = max(starts, key=lambda one: _width(starts[one]))
    if not starts[delimiter]:
        # says why the first row cannot be read
        next(table.records(delimiter), None)
    if not starts[delimiter]:
        return Recognized(RecordTable(table, delimiter, Header(1, ())), None)
    line = _likely_header(starts[delimiter], header_line)
    return Recognized(RecordTable(table, delimiter, Header(line.line, line.cells)), None)


def _start(table: Table, delimiter: str) -> list[Line]:
    """Return the first rows, or those before one that cannot be read with this delimiter."""
    lines: list[Line] = []
    with suppress(TableError):
        lines.extend(islice(table.records(delimiter), LOOKED_AT))
    return lines


def _width(lines: Sequence[Line]) -> int:
    """Return how many columns most rows have, if more than one."""
    counts = Counter(len(line.cells) for line in lines)
    return counts.most_common(1)[0][0] if counts else 0


def _likely_header(lines: Sequence[Line], header_line: int) -> Line:
    if header_line:
        found = next((one for one in lines if one.line == header_line), None)
    else:
        width = _width(lines)
        found = next((one for one in lines if len(one.cells) >= width and is_named(one)), None)
        found = found or next(iter(lines), None)
    if found is None:
        message = gettext("Line %(line)s is no row of the file, so it is no header.")
        raise TableError(message % {"line": header_line or 1})
    return found


def is_named(line: Line) -> bool:
    """True if a row may be a header: at most one cell is empty, and not all are the same."""
    cells = [cell.strip() for cell in line.cells]
    filled = [cell for cell in cells if cell]
    return len(filled) >= max(len(cells) - 1, 1) and (len(set(filled)) > 1 or len(cells) == 1)


def _not_this_shape(table: Table, shape: Shape, starts: dict[str, list[Line]]) -> str:
    missing = [" / ".join(names) for names in shape.signature]
    widest = max(starts.values(), key=_width)
    header = _likely_header(widest, 0) if widest else None
    if header:
        found = Header(header.line, header.cells)
        missing = [
            " / ".join(names) for names in shape.signature if not found.find(*names)
        ] or missing
    message = gettext(
        "%(file)s is no file of the kind “%(shape)s”: it lacks %(missing)s. Its columns: "
        "%(columns)s."
    )
    return message % {
        "file": table.name,
        "shape": shape.title,
        "missing": ", ".join(f"“{one}”" for one in missing),
        "columns": ", ".join(header.cells[:30]) if header else gettext("none"),
    }
