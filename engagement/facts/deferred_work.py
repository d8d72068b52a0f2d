"""Let the handlers of a batch defer work, so that it runs once for all of them at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from intake.event_kinds import batch_context
from intake.models import Event
from kpis.recompute import stale_days

Work = Callable[[Sequence[Event]], None]

_deferred: ContextVar[dict[Work, list[Event]] | None] = ContextVar("deferred_work", default=None)


@batch_context
@contextmanager
def run_at_end() -> Iterator[None]:
    """Collect deferred work and run it at the end: once for all kinds is faster than for each."""
    deferred: dict[Work, list[Event]] = {}
    with stale_days.batch():
        token = _deferred.set(deferred)
        try:
            yield
            # work may defer more work
            while deferred:
                work = next(iter(deferred))
                work(deferred.pop(work))
        finally:
            _deferred.reset(token)


def defer(work: Work, events: Sequence[Event]) -> None:
    """Run `work` at the end of the batch, with these and all other events it was deferred for.

    Outside a batch, run it at once.
    """
    deferred = _deferred.get()
    if deferred is None:
        work(events)
    else:
        deferred.setdefault(work, []).extend(events)
