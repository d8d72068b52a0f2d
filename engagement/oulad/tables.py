"""A file as columns; a cell that is wrong is named by its file, line and column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv

from engagement.oulad.files import CODE, COLUMNS, MISSING, NUMBER, TEXT, WHOLE, Column
from engagement.oulad.source import Source, SourceError

BLOCK = 4 << 20
WANTED = {WHOLE: "a whole number", NUMBER: "a number", TEXT: "text in UTF-8", CODE: "text in UTF-8"}


def rows(source: Source, name: str) -> list[dict[str, Any]]:
    """All rows of a file that fits into memory many times over."""
    return [row for batch in batches(source, name) for row in batch.to_pylist()]


def batches(source: Source, name: str) -> Iterator[pa.RecordBatch]:
    """The rows a few megabytes at a time; SourceError names the first cell that is wrong."""
    required = [column.name for column in COLUMNS[name] if not column.may_be_missing]
    try:
        with source.open(name) as stream:
            for batch in _reader(stream, COLUMNS[name]):
                if any(batch.column(column).null_count for column in required):
                    raise _fault(source, name, "a value is missing")
                yield batch
    except pa.ArrowInvalid as error:
        raise _fault(source, name, str(error)) from error


def _reader(stream: IO[bytes], columns: tuple[Column, ...]) -> Iterator[pa.RecordBatch]:
    return iter(
        pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(block_size=BLOCK),
            convert_options=pa.csv.ConvertOptions(
                column_types={column.name: column.type for column in columns},
                include_columns=[column.name for column in columns],
                null_values=MISSING,
                strings_can_be_null=True,
            ),
        )
    )


def _fault(source: Source, name: str, otherwise: str) -> SourceError:
    """Look for the first cell that is wrong; slow, and only for a file that is refused."""
    with source.open(name) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        lines = csv.reader(text)
        head = next(lines, [])
        places = [(head.index(column.name), column) for column in COLUMNS[name]]
        for row in lines:
            if row and (wrong := _wrong(row, len(head), places)):
                return SourceError(f"{name}, line {lines.line_num}: {wrong}.")
    return SourceError(f"{name}: {otherwise}.")


def _wrong(row: list[str], width: int, places: list[tuple[int, Column]]) -> str | None:
    if len(row) != width:
        return f"{len(row)} columns where the head has {width}"
    for place, column in places:
        if row[place] in MISSING and not column.may_be_missing:
            return f"{column.name} is missing"
        if not _fits(row[place], column):
            return f"{column.name} is “{row[place][:50]}”, which is not {WANTED[column.type]}"
    return None


def _fits(cell: str, column: Column) -> bool:
    if cell in MISSING:
        return True
    if column.type == WHOLE:
        return bool(re.fullmatch(r" *-?\d{1,10} *", cell)) and abs(int(cell)) < 2**31
    if column.type == NUMBER:
        return _is_number(cell)
    return "\ufffd" not in cell


def _is_number(cell: str) -> bool:
    try:
        return not math.isinf(float(cell))
    except ValueError:
        return False
