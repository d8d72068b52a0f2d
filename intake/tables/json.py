"""Read JSON that is a table: a list of objects, or of lists of cells as Moodle writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext

from intake.tables.errors import TableError
from intake.tables.text import OpenFile, Record, digest_of


class JsonTable:
    """Objects have their names as first record; “lines” are the numbers of the records."""

    delimiters = "\t"
    encoding = ""
    sheets: Sequence[str] = ()

    def __init__(self, open_file: OpenFile, name: str) -> None:
        """Raises TableError if it is no JSON, or no table."""
        self.name, self.digest = name, digest_of(open_file)
        with open_file() as file:
            content = file.read()
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            message = gettext("%(file)s is no complete JSON (%(error)s). Download it again.")
            raise TableError(message % {"file": name, "error": error}) from None
        rows = _rows_in(found)
        if rows is None:
            message = gettext(
                "%(file)s is JSON, but no table: a list of objects or of lists of cells."
            )
            raise TableError(message % {"file": name})
        self._records = [Record(at, cells) for at, cells in enumerate(rows, 1) if any(cells)]

    def records(self, delimiter: str = "") -> Iterator[Record]:
        return iter(self._records)


def _rows_in(found: Any) -> list[list[str]] | None:
    if not isinstance(found, list) or not found:
        return None
    if all(isinstance(one, dict) for one in found):
        names = list(dict.fromkeys(name for one in found for name in one))
        return [names, *([_text_of(one.get(name)) for name in names] for one in found)]
    if not all(isinstance(one, list) for one in found):
        return None
    if all(isinstance(cell, list | dict) for one in found for cell in one):
        # Moodle puts the rows of each sheet into a list
        return _rows_in([row for sheet in found for row in sheet])
    return [[_text_of(cell) for cell in one] for one in found]


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
