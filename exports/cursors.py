"""Cursors: signed places in the rows of a table, valid for one key and what it may see."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.core import signing
from rest_framework import status
from rest_framework.exceptions import APIException

from accounts.reader import Reader
from core.api_errors import InvalidParameters
from exports.change_log.feed import Place, is_purged
from exports.models import Feed
from exports.tables import ExportedTable

SALT = "exports.cursor"
LONGEST = 2_000


class CursorExpired(APIException):
    """What a cursor stands for is no longer known: the copy has to start again."""

    status_code = status.HTTP_410_GONE
    default_code = "cursor_expired"


@dataclass(frozen=True)
class Cursor:
    """Whose it is, of what, and where it stands.

    `after` is the id of the last row of the first pass over all rows; None once it is over.
    """

    table: str
    key: int
    epoch: str
    columns: str
    access: str
    position: int
    id: int
    after: int | None = None

    @property
    def place(self) -> Place:
        return Place(self.position, self.id)

    def at(self, place: Place) -> Cursor:
        """Return the cursor at another place in the changes."""
        return replace(self, position=place.position, id=place.id, after=None)

    def after_row(self, row: int | None) -> Cursor:
        return replace(self, after=row)

    def signed(self) -> str:
        return signing.dumps(list(asdict(self).values()), salt=SALT)


def beginning(table: ExportedTable, key: int, reader: Reader, feed: Feed, place: Place) -> Cursor:
    """Return the cursor before the first row; what changes from `place` on is told afterwards."""
    return Cursor(table.name, key, feed.epoch, table.version, access_of(reader), *place, after=0)


def read(text: str, start: Cursor, feed: Feed, end: Place) -> Cursor:
    """Return a cursor that was sent, compared with one that begins now.

    InvalidParameters (400) if it is none of this key and table, CursorExpired (410) if it once was.
    """
    cursor = _loaded(text)
    if cursor is None:
        raise InvalidParameters("This is no cursor. Send “next” of the former response.", "since")
    if cursor.table != start.table:
        raise InvalidParameters(f"This cursor is of the table {cursor.table}.", "since")
    if cursor.key != start.key:
        raise InvalidParameters("This cursor belongs to another API key.", "since")
    if cursor.access != start.access:
        raise _expired("What this API key may see has changed")
    if cursor.columns != start.columns:
        raise _expired("The columns of this table have changed")
    if cursor.epoch != feed.epoch or is_purged(feed, cursor.place) or cursor.place > end:
        raise _expired("The changes since this cursor are no longer known")
    return cursor


def access_of(reader: Reader) -> str:
    """Return a digest of what a reader may see."""
    courses = "all" if reader.sees_every_course else sorted(reader.course_ids)
    return hashlib.sha256(f"{courses}{reader.sees_small_groups}".encode()).hexdigest()[:8]


def _loaded(text: str) -> Cursor | None:
    if len(text) > LONGEST:
        return None
    try:
        values: Any = signing.loads(text, salt=SALT)
        return Cursor(*values)
    except (signing.BadSignature, TypeError, ValueError):
        return None


def _expired(why: str) -> CursorExpired:
    return CursorExpired(f"{why}. Empty your copy and start again without “since”.")
