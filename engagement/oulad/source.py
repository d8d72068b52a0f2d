"""Read the publisher's seven files from the zip or from a folder it was unpacked to."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv

TEXT = pa.string()
CODE = pa.dictionary(pa.int32(), pa.string())
WHOLE = pa.int32()
NUMBER = pa.float64()
TYPE_NAMES = {
    WHOLE: "a whole number", NUMBER: "a number", TEXT: "text in UTF-8", CODE: "text in UTF-8"
}  # fmt: skip

COURSES = "courses.csv"
ASSESSMENTS = "assessments.csv"
REGISTRATIONS = "studentRegistration.csv"
RESULTS = "studentInfo.csv"
SUBMISSIONS = "studentAssessment.csv"
PAGES = "vle.csv"
CLICKS = "studentVle.csv"

# a missing value is "?" in the first edition and empty in the later one
MISSING = ("", "?")
CHUNK = 1 << 20
BLOCK = 1 << 20


@dataclass(frozen=True)
class Column:
    name: str
    type: pa.DataType
    may_be_missing: bool = False


_PRESENTATION = (Column("code_module", CODE), Column("code_presentation", CODE))

# the columns that are read; region, age, education and disability are not, as no KPI needs them
COLUMNS: dict[str, tuple[Column, ...]] = {
    COURSES: (*_PRESENTATION, Column("module_presentation_length", WHOLE)),
    ASSESSMENTS: (
        *_PRESENTATION,
        Column("id_assessment", WHOLE),
        Column("assessment_type", TEXT),
        Column("date", WHOLE, may_be_missing=True),
        Column("weight", NUMBER),
    ),
    REGISTRATIONS: (
        *_PRESENTATION,
        Column("id_student", WHOLE),
        Column("date_registration", WHOLE, may_be_missing=True),
        Column("date_unregistration", WHOLE, may_be_missing=True),
    ),
    RESULTS: (*_PRESENTATION, Column("id_student", WHOLE), Column("final_result", TEXT)),
    SUBMISSIONS: (
        Column("id_assessment", WHOLE),
        Column("id_student", WHOLE),
        Column("date_submitted", WHOLE),
        Column("score", NUMBER, may_be_missing=True),
    ),
    PAGES: (Column("id_site", WHOLE), *_PRESENTATION, Column("activity_type", TEXT)),
    CLICKS: (
        *_PRESENTATION,
        Column("id_student", WHOLE),
        Column("id_site", WHOLE),
        Column("date", WHOLE),
        Column("sum_click", WHOLE),
    ),
}


class SourceError(Exception):
    """The files cannot be imported; the message names the file, the place and the reason."""


class Source:
    """The seven files; SourceError when one of them or one of its columns is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = None if path.is_dir() else _open_zip(path)
        self._names = self._find_files()
        for name in COLUMNS:
            self._check_columns(name)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open the file for reading bytes; SourceError when the archive is damaged."""
        try:
            with self._open(name) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise SourceError(f"{name} in {self.path.name} is damaged: {error}.") from error
        except OSError as error:
            raise SourceError(f"{name} in {self.path.name} cannot be read: {error}.") from error

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a file that fits into memory easily."""
        return [row for batch in self.batches(name) for row in batch.to_pylist()]

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """The rows, a few megabytes at a time; SourceError names the first invalid cell."""
        required = [column.name for column in COLUMNS[name] if not column.may_be_missing]
        try:
            with self.open(name) as stream:
                for batch in _reader(stream, COLUMNS[name]):
                    if any(batch.column(column).null_count for column in required):
                        raise self._first_error(name, "a value is missing")
                    yield batch
        except pa.ArrowInvalid as error:
            raise self._first_error(name, str(error)) from error

    def size(self, name: str) -> int:
        """The unpacked size in bytes."""
        if self._zip:
            return self._zip.getinfo(self._names[name]).file_size
        return (self.path / self._names[name]).stat().st_size

    def digest(self, advance: Callable[[int], object]) -> str:
        """SHA-256 of all files, the same for the zip and the folder."""
        sha = hashlib.sha256()
        for name in sorted(COLUMNS):
            sha.update(f"{name} {self.size(name)} ".encode())
            with self.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    sha.update(chunk)
                    advance(len(chunk))
        return sha.hexdigest()

    def _open(self, name: str) -> IO[bytes]:
        if self._zip:
            return self._zip.open(self._names[name])
        return (self.path / self._names[name]).open("rb")

    def _find_files(self) -> dict[str, str]:
        names = self._zip.namelist() if self._zip else [one.name for one in self.path.iterdir()]
        # the files may lie in a folder of the zip; macOS adds a second one that does not count
        found = {
            PurePosixPath(name).name: name for name in names if not name.startswith("__MACOSX")
        }
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise SourceError(f"{self.path.name} does not contain {' or '.join(missing)}.")
        return found

    def _check_columns(self, name: str) -> None:
        with self.open(name) as stream:
            header = stream.readline(CHUNK).decode("utf-8-sig", errors="replace")
        columns = next(csv.reader(io.StringIO(header)), [])
        missing = [column.name for column in COLUMNS[name] if column.name not in columns]
        if missing:
            raise SourceError(f"{name} has no column {' and no column '.join(missing)}.")

    def _first_error(self, name: str, otherwise: str) -> SourceError:
        """Search for the first invalid cell: slow, and only done for a file that is rejected."""
        with self.open(name) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
            lines = csv.reader(text)
            header = next(lines, [])
            columns = [(header.index(column.name), column) for column in COLUMNS[name]]
            for row in lines:
                if row and (reason := _error_in(row, len(header), columns)):
                    return SourceError(f"{name}, line {lines.line_num}: {reason}.")
        return SourceError(f"{name}: {otherwise}.")


def _open_zip(path: Path) -> zipfile.ZipFile:
    if not path.exists():
        raise SourceError(f"There is no file or folder {path}.")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(f"{path.name} is not a complete zip file: {error}.") from error


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


def _error_in(row: list[str], width: int, columns: list[tuple[int, Column]]) -> str | None:
    if len(row) != width:
        return f"{len(row)} columns, but the header has {width}"
    for at, column in columns:
        cell = row[at]
        if cell in MISSING and not column.may_be_missing:
            return f"{column.name} is missing"
        if cell not in MISSING and not _is_valid(cell, column):
            return f"{column.name} is “{cell[:50]}”, which is not {TYPE_NAMES[column.type]}"
    return None


def _is_valid(cell: str, column: Column) -> bool:
    if column.type == WHOLE:
        return bool(re.fullmatch(r" *-?\d{1,10} *", cell)) and abs(int(cell)) < 2**31
    if column.type == NUMBER:
        try:
            return not math.isinf(float(cell))
        except ValueError:
            return False
    return "\ufffd" not in cell
