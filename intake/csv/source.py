"""What can be imported: a file that gives events, row by row, and explains rejected ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from django.utils.translation import ngettext

from core import localized
from intake.csv.invalid_rows import InvalidRow
from intake.events.batch import EventOutcome
from intake.events.envelope import UnreadableEvent


class Row(NamedTuple):
    """An event of a row, and the line in which the row starts.

    `columns` are the names in the file by field, for messages; "" is where an unreadable event
    comes from. `expected` says what would be right.
    """

    line: int
    raw: dict[str, Any] | UnreadableEvent
    columns: Mapping[str, str] = MappingProxyType({})
    expected: str = ""


@dataclass
class LeftOut:
    """Rows or cells that are no events, with the reason and the line of the first."""

    reason: str
    count: int
    line: int

    def __str__(self) -> str:
        sentence = ngettext(
            "%(count)s left out, in line %(line)s: %(reason)s",
            "%(count)s left out, the first in line %(line)s: %(reason)s",
            self.count,
        )
        count = localized.number(self.count)
        return sentence % {"count": count, "line": self.line, "reason": self.reason}


class EventSource(Protocol):
    """A file whose rows are events."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def import_kind(self) -> str: ...
    @property
    def has_one_event_per_row(self) -> bool: ...
    @property
    def left_out(self) -> Sequence[LeftOut]: ...
    @property
    def names(self) -> Sequence[str]: ...

    def __iter__(self) -> Iterator[Row]: ...
    def cells_of(self, row: Row) -> list[str]: ...
    def explain(self, row: Row, outcome: EventOutcome) -> InvalidRow: ...
