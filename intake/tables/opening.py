"""Open a file as a table, whatever it is: text, workbook, OpenDocument, or a ZIP with one."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext

from intake.tables.errors import TableError
from intake.tables.json import JsonTable
from intake.tables.opendocument import OdsTable
from intake.tables.text import UTF_8_MARK, OpenFile, Record, TextTable, digest_of
from intake.tables.workbook import XlsxTable

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# what a ZIP without files begins with
EMPTY_ZIP = b"PK\x05\x06"
# of all parts of a ZIP together; a workbook of this size has about a million rows
MAX_UNPACKED_MB = 300
MAX_PARTS = 2_000
TABLES = (".csv", ".tsv", ".txt", ".json", ".xlsx", ".ods")


class Table(Protocol):
    """A file of rows, each with the line in which it starts."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def delimiters(self) -> str: ...
    @property
    def sheets(self) -> Sequence[str]: ...
    @property
    def encoding(self) -> str: ...
    def records(self, delimiter: str) -> Iterator[Record]: ...


class ManyTables:
    """A ZIP with several tables, by the names of its files in lower case."""

    def __init__(self, open_file: OpenFile, name: str, digest: str, parts: Sequence[str]) -> None:
        self.name = name
        self.digest = digest
        self.parts = {PurePosixPath(part).name.casefold(): part for part in parts}
        self._open = open_file

    def table(self, part: str, encoding: str = "") -> TextTable:
        """Open one of the files; raises TableError if it cannot be read."""

        def open_part() -> io.BufferedReader:
            return io.BufferedReader(_Part(self._open(), self.parts[part]))

        return TextTable(open_part, f"{self.name}/{part}", encoding)


class _Part(io.RawIOBase):
    """A file in a ZIP that closes the ZIP with itself, and says where it is broken."""

    def __init__(self, file: BinaryIO, part: str) -> None:
        self._zip, self._name = file, part
        self._archive = ZipFile(file)
        self._file = self._archive.open(part)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._file.read(len(buffer))
        except (BadZipFile, EOFError, OSError) as error:
            message = gettext("%(part)s is damaged in the ZIP file. Download it again.")
            raise TableError(message % {"part": self._name}) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        self._archive.close()
        self._zip.close()
        super().close()


def open_tables(
    open_file: OpenFile, name: str, *, encoding: str = "", sheet: str = ""
) -> Table | ManyTables:
    """Open a file; raises TableError if it cannot be read as a whole."""
    with open_file() as file:
        beginning = file.read(200)
    start, text = beginning[:4], beginning.removeprefix(UTF_8_MARK).lstrip()
    if start == OLE:
        message = gettext("%(file)s is an old Excel file (XLS) or encrypted. Save it as XLSX.")
        raise TableError(message % {"file": name})
    if start == b"%PDF" or text[:1] == b"<":
        message = gettext(
            "%(file)s is a web page, XML or PDF, even if its name says otherwise. Download it as "
            "CSV, XLSX or ODS."
        )
        raise TableError(message % {"file": name})
    if text.startswith((b"[", b"{")):
        return JsonTable(open_file, name)
    if start not in (ZIP, EMPTY_ZIP):
        return TextTable(open_file, name, encoding)
    parts = _checked_parts(open_file, name)
    digest = digest_of(open_file)
    names = {part.filename for part in parts}
    if "xl/workbook.xml" in names:
        return XlsxTable(open_file, name, digest, sheet)
    if "content.xml" in names and "mimetype" in names:
        return OdsTable(open_file, name, digest, sheet)
    return _in_archive(open_file, name, digest, sorted(names), encoding, sheet)


def _in_archive(
    open_file: OpenFile,
    name: str,
    digest: str,
    names: Sequence[str],
    encoding: str,
    sheet: str,
) -> Table | ManyTables:
    tables = [
        one for one in names
        if one.casefold().endswith(TABLES) and not one.startswith("__MACOSX/")
    ]  # fmt: skip
    if not tables:
        message = gettext("%(file)s contains no CSV, TSV, JSON, XLSX or ODS file.")
        raise TableError(message % {"file": name})
    if len(tables) > 1:
        return ManyTables(open_file, name, digest, tables)
    with open_file() as file, ZipFile(file) as archive:
        try:
            content = archive.read(tables[0])
        except (BadZipFile, EOFError) as error:
            message = gettext("%(part)s is damaged in the ZIP file. Download it again.")
            raise TableError(message % {"part": tables[0]}) from error
    if content.startswith(ZIP) and not tables[0].casefold().endswith((".xlsx", ".ods")):
        message = gettext("%(file)s contains another ZIP file; unpack it first.")
        raise TableError(message % {"file": name})
    return open_tables(
        lambda: io.BytesIO(content), f"{name}/{tables[0]}", encoding=encoding, sheet=sheet
    )


def _checked_parts(open_file: OpenFile, name: str) -> list[ZipInfo]:
    """Return the parts of a ZIP; raises TableError if it is broken, encrypted or too large."""
    try:
        with open_file() as file, ZipFile(file) as archive:
            parts = archive.infolist()
    except BadZipFile as error:
        message = gettext("%(file)s is cut off or damaged: its end is missing. Download it again.")
        raise TableError(message % {"file": name}) from error
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_MB << 20:
        message = gettext(
            "%(file)s unpacks to more than %(limit)s MB. Export less at once, or as CSV."
        )
        raise TableError(message % {"file": name, "limit": MAX_UNPACKED_MB})
    if any(part.flag_bits & 1 for part in parts):
        message = gettext("%(file)s is encrypted. Save it without a password.")
        raise TableError(message % {"file": name})
    return parts
