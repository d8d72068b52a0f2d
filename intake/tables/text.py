"""Read a text file of rows: CSV or TSV in a known encoding, record by record."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext

from intake.tables.errors import EncodingError, TableError

OpenFile = Callable[[], BinaryIO]
DELIMITERS = ",;\t"
# encodings that people can choose for text that is not UTF-8
ENCODINGS = ("windows-1252", "iso-8859-15", "mac-roman")
SEP = re.compile(r"sep=(.)", re.IGNORECASE)
UTF_8_MARK, UTF_16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


class Record(NamedTuple):
    """The cells of a row that is not empty, and the line in which it starts."""

    line: int
    cells: list[str]


class TextTable:
    """A text file that has been checked to be in its encoding."""

    sheets: Sequence[str] = ()

    def __init__(self, open_file: OpenFile, name: str, encoding: str = "") -> None:
        """Raises TableError; EncodingError if the file is not Unicode and no encoding is given."""
        self.name = name
        self._open = open_file
        self.digest, self.encoding = self._check(encoding)

    @property
    def delimiters(self) -> str:
        """The delimiter that the file declares, as Excel writes it, else all possible ones."""
        try:
            with self._text() as text:
                found = SEP.fullmatch(text.readline().rstrip("\r\n"))
        except UnicodeError:
            return DELIMITERS
        return found[1] if found else DELIMITERS

    def records(self, delimiter: str) -> Iterator[Record]:
        with self._text() as text:
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise TableError(_broken_record(line, error)) from None
                if cells is None:
                    return
                # the line is split by the delimiter that it declares
                if line == 1 and SEP.fullmatch(delimiter.join(cells)):
                    continue
                if any(cell.strip() for cell in cells):
                    yield Record(line, cells)

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._open(), self.encoding, newline="")

    def _check(self, encoding: str) -> tuple[str, str]:
        """Return the digest and the encoding of the file."""
        with self._open() as file:
            start = file.read(4)
        if not start:
            message = gettext("%(file)s is empty; its first line must name the columns.")
            raise TableError(message % {"file": self.name})
        if start.startswith(UTF_16_MARKS):
            return self._digest_of_utf_16(), "utf-16"
        digest, bad, wide = hashlib.sha256(), None, 0
        with self._open() as file:
            for line, text in enumerate(file, 1):
                digest.update(text)
                self._refuse_binary(text, line)
                try:
                    is_wide = len(text.decode()) < len(text)
                    wide = wide or (line if is_wide else 0)
                except UnicodeDecodeError as error:
                    bad = bad or (line, text, error)
        if not bad:
            return digest.hexdigest(), "utf-8-sig"
        if not encoding:
            raise EncodingError(self._not_utf_8(*bad))
        if wide and not start.startswith(UTF_8_MARK):
            raise TableError(self._is_mixed(wide, bad[0], encoding))
        return digest.hexdigest(), encoding

    def _refuse_binary(self, text: bytes, line: int) -> None:
        if b"\x00" in text:
            message = gettext(
                "%(file)s is no text: line %(line)s contains a NUL byte. Save it as CSV UTF-8, "
                "XLSX or ODS."
            )
            raise TableError(message % {"file": self.name, "line": line})

    def _digest_of_utf_16(self) -> str:
        line = 0
        try:
            with io.TextIOWrapper(self._open(), "utf-16", newline="") as text:
                for _ in text:
                    line += 1
        except UnicodeError:
            message = gettext("%(file)s ends or breaks in line %(line)s: it is not valid UTF-16.")
            raise TableError(message % {"file": self.name, "line": line + 1}) from None
        return digest_of(self._open)

    def _not_utf_8(self, line: int, text: bytes, error: UnicodeDecodeError) -> str:
        shown = text[max(0, error.start - 15) : error.start + 15].strip()
        examples = (f"“{shown.decode(one, 'replace')}” ({one})" for one in ENCODINGS)
        message = gettext(
            "Line %(line)s is not UTF-8 (byte %(position)s is %(byte)s); "
            "save the file as CSV UTF-8, or choose the encoding in which it reads right: "
            "%(examples)s."
        )
        return message % {
            "line": line,
            "position": error.start + 1,
            "byte": f"{text[error.start]:#04x}",
            "examples": ", ".join(dict.fromkeys(examples)),
        }

    def _is_mixed(self, wide: int, bad: int, encoding: str) -> str:
        message = gettext(
            "%(file)s mixes encodings: line %(wide)s is UTF-8 and line %(bad)s is not. "
            "Save it again as CSV UTF-8; as %(encoding)s, line %(wide)s would be garbled."
        )
        return message % {"file": self.name, "wide": wide, "bad": bad, "encoding": encoding}


def digest_of(open_file: OpenFile) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with open_file() as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def _broken_record(line: int, error: csv.Error) -> str:
    return gettext(
        "The row that starts in line %(line)s cannot be read (%(error)s). A quoted cell must end "
        'with a quote, and quotes inside it must be doubled ("").'
    ) % {"line": line, "error": error}
