"""What changes in a transaction, noted by those who change it and written once at its end.

Others gather the changes: an app fills the slot with its class when it loads. While the slot is
empty, changes are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from typing import Protocol

# None for facts that belong to no course and so to the site alone
CourseId = int | None


class DatedEvent(Protocol):
    """The part of an event that decides how recent the data are."""

    @property
    def course_id(self) -> CourseId: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def received_at(self) -> datetime: ...


class Changes(Protocol):
    """The changes of one transaction, which count once they are written."""

    def mark_moments_stale(
        self, key: str, moments: Iterable[tuple[CourseId, datetime | None]]
    ) -> None:
        """Mark the day of each (course id, moment) stale; a moment of None marks nothing.

        `key` is a category, for all its KPIs, or the key of one KPI.
        """

    def mark_days_stale(self, key: str, days: Iterable[tuple[CourseId, date]]) -> None:
        """Mark each (course id, day) stale under a category or the key of one KPI."""

    def update_freshness(self, category: str, events: Sequence[DatedEvent]) -> None:
        """Note the latest event of a category in each course."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Forget what is noted in the block if it fails."""

    def write(self) -> None:
        """Write the changes; call it once, in the transaction that made them."""


class IgnoredChanges:
    """Changes that nobody gathers."""

    def mark_moments_stale(
        self, key: str, moments: Iterable[tuple[CourseId, datetime | None]]
    ) -> None:
        pass

    def mark_days_stale(self, key: str, days: Iterable[tuple[CourseId, date]]) -> None:
        pass

    def update_freshness(self, category: str, events: Sequence[DatedEvent]) -> None:
        pass

    def savepoint(self) -> AbstractContextManager[None]:
        return nullcontext()

    def write(self) -> None:
        pass


class Slot:
    """Who gathers changes."""

    def __init__(self) -> None:
        self.create: Callable[[], Changes] = IgnoredChanges


SLOT = Slot()


def new_changes() -> Changes:
    return SLOT.create()


@contextmanager
def gathered(changes: Changes | None = None) -> Iterator[Changes]:
    """Yield new changes and write them after the block, unless it fails.

    Changes that are passed in belong to the caller, who writes them.
    """
    if changes is not None:
        yield changes
        return
    own = new_changes()
    yield own
    own.write()
