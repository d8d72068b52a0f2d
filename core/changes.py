"""What changes in a transaction, noted by those who change it and written once at its end.

Others gather the changes: an app fills the slot with its class when it loads. While the slot is
empty, changes are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from django.db.models import Model, QuerySet

from core.database.compiled_queries import Selection

# None for facts that belong to no course and so to the site alone
CourseId = int | None
Dated = date | datetime
Span = tuple[CourseId, datetime, datetime]
# the course and the date of a row, and from which moment on it is not as it was
Known = tuple[CourseId, Dated | None] | tuple[CourseId, Dated | None, datetime]
Rows = QuerySet[Any] | Selection
# the models whose changes are noted, and the dates of each that figures may count by
REPORTED: dict[type[Model], frozenset[str]] = {}
M = TypeVar("M", bound=type[Model])


def reported(*dates: str) -> Callable[[M], M]:
    """Declare that whoever writes rows of a model notes their changes, also when a date moves."""

    def declare(model: M) -> M:
        REPORTED[model] = frozenset(dates)
        return model

    return declare


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

    def changed(
        self,
        rows: Rows,
        *,
        spans: Iterable[Span] | None = None,
        **known: Iterable[Known],
    ) -> None:
        """Note that these rows change or have changed; call it before and after if dates move.

        Whoever knows the course ids and dates of the rows passes them as pairs, by the lookup path
        from the rows to the date: then they need not be read. A date of None does not count. A
        third value is the earliest moment at which anything about the rows is not as it was.
        `spans` are the course ids with the moments from which and to which rows hold that have a
        beginning and an end.
        """

    def changed_through(self, model: type[Model], rows: QuerySet[Any]) -> None:
        """Note that figures of these rows change, because they read rows of another model."""

    def changed_enrollments(self, **lookups: Any) -> None:
        """Note that enrollments, such as `pk__in=ids`, begin or cease to count, or move.

        All facts that belong to them change with them.
        """

    def changed_people(self, learners: QuerySet[Any] | Collection[int]) -> None:
        """Note that learners begin or cease to count with their facts without an enrollment."""

    def update_freshness(self, category: str, events: Sequence[DatedEvent]) -> None:
        """Note the latest event of a category in each course."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Forget what is noted in the block if it fails."""

    def write(self) -> None:
        """Write the changes; call it once, in the transaction that made them."""


class IgnoredChanges:
    """Changes that nobody gathers."""

    def changed(
        self,
        rows: Rows,
        *,
        spans: Iterable[Span] | None = None,
        **known: Iterable[Known],
    ) -> None:
        pass

    def changed_through(self, model: type[Model], rows: QuerySet[Any]) -> None:
        pass

    def changed_enrollments(self, **lookups: Any) -> None:
        pass

    def changed_people(self, learners: QuerySet[Any] | Collection[int]) -> None:
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
