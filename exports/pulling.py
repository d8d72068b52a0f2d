"""Pull a table page by page: all its rows once, and from then on what has changed since.

Rows that change during the first pass are told again after it, so a copy that writes rows by their
id ends up right, whatever is committed meanwhile and in whichever order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.reader import Reader
from core.database import replica
from exports import cursors, pseudonyms
from exports.change_log import feed as feeds
from exports.cursors import Cursor
from exports.models import Change
from exports.tables import ExportedTable

# how many rows of other courses a page may pass over
WINDOW = 50_000


@dataclass(frozen=True)
class Page:
    """Rows as they are now, in the order of the columns, and the ids of rows that are gone."""

    rows: Sequence[Sequence[Any]]
    deleted: Sequence[int]
    next: str
    has_more: bool


@dataclass(frozen=True)
class Pull:
    """Who pulls which table."""

    table: ExportedTable
    key: int
    reader: Reader
    limit: int

    def page(self, since: str | None, today: date) -> Page:
        """Return the page at a cursor, or the first one.

        InvalidParameters or CursorExpired for a cursor that cannot be used, NotReady for a moment.
        """
        # a replica may lag behind the places that a cursor was made of
        with replica.reading(from_replica=False):
            feed = feeds.opened(today)
            end = feeds.head()
            start = cursors.beginning(self.table, self.key, self.reader, feed, end)
            cursor = cursors.read(since, start, feed, end) if since else start
            if cursor.after is None:
                return self._changed(cursor, end)
            return self._all(cursor, cursor.after)

    def _all(self, cursor: Cursor, after: int) -> Page:
        """Return the next rows of the first pass."""
        rows = self.table.rows().filter(pk__gt=after)
        last = None
        if not self.reader.sees_every_course and self.table.course:
            passed = rows.order_by("pk").values_list("pk", flat=True)
            last = next(iter(passed[WINDOW - 1 : WINDOW]), None)
            rows = rows.filter(pk__lte=last) if last else rows
        found = self._values(self._visible(rows), self.limit)
        reached = found[-1][0] if len(found) == self.limit else last
        return Page(found, [], cursor.after_row(reached).signed(), has_more=True)

    def _changed(self, cursor: Cursor, end: feeds.Place) -> Page:
        """Return what has become of the rows that changed since the cursor."""
        changes = list(feeds.changes(self.table.name, cursor.place, end)[: self.limit])
        has_more = len(changes) == self.limit
        place = feeds.Place(changes[-1].position, changes[-1].id + 1) if has_more else end
        ids = {one.row for one in changes}
        rows = self._values(self._visible(self.table.rows().filter(pk__in=ids)))
        gone = ids - {row[0] for row in rows}
        return Page(rows, self._told(changes, gone), cursor.at(place).signed(), has_more)

    def _told(self, changes: Sequence[Change], gone: set[int]) -> list[int]:
        """Return which of the rows that are gone, or out of sight, this reader may have had."""
        if self.reader.sees_every_course or not gone:
            return sorted(gone)
        elsewhere = set(self.table.rows().filter(pk__in=gone).values_list("pk", flat=True))
        return sorted(
            {
                one.row
                for one in changes
                if one.row in gone
                and (
                    one.course in self.reader.course_ids
                    # of a row whose course was deleted before it, only the id is left
                    or (one.course is None and one.row not in elsewhere)
                )
            }
        )

    def _visible(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of courses that the reader may see, and what belongs to no course.

        Facts without a course, such as payments, belong to the whole site.
        """
        if self.reader.sees_every_course:
            return rows
        if self.table.course is None:
            return rows.none() if self.table.is_detailed else rows
        mine = Q(**{f"{self.table.course}__in": self.reader.course_ids})
        if not self.table.is_detailed:
            mine |= Q(**{f"{self.table.course}__isnull": True})
        return rows.filter(mine)

    def _values(self, rows: QuerySet[Any], limit: int | None = None) -> list[tuple[Any, ...]]:
        values = list(self.table.select(rows)[:limit])
        named = {at: one.of for at, one in enumerate(self.table.columns) if one.of}
        if not named:
            return values
        secret = pseudonyms.secret()
        return [
            tuple(
                pseudonyms.pseudonym(secret, named[at], value) if at in named else value
                for at, value in enumerate(row)
            )
            for row in values
        ]
