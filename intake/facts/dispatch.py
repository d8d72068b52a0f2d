"""Give stored events to the handlers of their kinds, which make facts of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from curriculum import enrolling
from intake.event_kinds import KINDS, LISTENERS, in_batch_contexts
from intake.models import Event


def dispatch(events: Sequence[Event]) -> None:
    """Give each kind's handler its events, in the order in which kinds are declared."""
    by_kind: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_kind[event.kind].append(event)
    enrolling.lock(event.enrollment_id for event in events)
    with in_batch_contexts():
        for name, kind in KINDS.items():
            if name in by_kind:
                for handler in (kind.handler, *LISTENERS[name]):
                    handler(by_kind[name])
