"""What the handler of an event kind gets: new events of its kind, and what happens around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.changes import Changes
from intake.models import Event


@dataclass(frozen=True)
class EventBatch:
    """Events of one kind that were newly stored, or are handled again after a reset.

    Handlers note in `changes` what changes through these events.
    """

    events: Sequence[Event]
    now: datetime
    changes: Changes
    deferred: DeferredWork

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
DeferredWork = dict[Handler, list[Event]]
