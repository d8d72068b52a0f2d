"""What the handler of an event kind gets: new events of its kind, and what happens around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.changes import Changes
from intake.models import Event


@dataclass(slots=True)
class NewEvent:
    """An event with the attributes of a stored one, before it is stored and a model is too slow."""

    id: int
    sender: str
    key: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    learner: str
    course_key: str
    run_key: str
    module_key: str
    object: str
    value: float | None
    data: dict[str, Any]
    is_mapped: bool
    course_id: int | None
    enrollment_id: int | None
    module_id: int | None
    import_run_id: int | None
    sent_learner: str

    @property
    def pk(self) -> int:
        return self.id


@dataclass(frozen=True)
class EventBatch:
    """Events of one kind that were newly stored, or are handled again after a reset.

    Handlers note in `changes` what changes through these events, and in `relocated` the objects
    that are in another module from now on.
    """

    events: Sequence[Event]
    now: datetime
    changes: Changes
    deferred: DeferredWork
    relocated: set[ObjectKey]

    def at_end(self, work: Handler, events: Sequence[Event]) -> None:
        """Run `work` once after the handlers of all kinds, with all events it is deferred for."""
        self.deferred.setdefault(work, []).extend(events)

    def of(self, events: Sequence[Event]) -> EventBatch:
        """Return the same batch with other events."""
        return replace(self, events=events)

    def run_deferred(self) -> None:
        """Run the deferred work, which may defer more."""
        while self.deferred:
            work = next(iter(self.deferred))
            work(self.of(self.deferred.pop(work)))


Handler = Callable[[EventBatch], None]
# id of the course and key of the object
ObjectKey = tuple[int, str]
DeferredWork = dict[Handler, list[Event]]
