"""One batch on its way in: which events are still to be processed, and the outcome of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from intake.event_parsing import InvalidLine
from intake.events import rejected_events
from intake.events.envelope import (
    Envelope,
    EventRejected,
    Retraction,
    is_retraction,
    open_envelope,
    open_retraction,
)
from intake.events.outcomes import ACCEPTED, REPLACED, RETRACTED, EventOutcome
from intake.events.rejected_events import EventIdentity
from intake.events.senders import Sender
from intake.models import Event


class Batch:
    """The events of one call, by their index in it.

    Those with one id are processed in turns, so that each meets what the ones before it left.
    """

    def __init__(
        self, payloads: Sequence[Any], sender: Sender, now: datetime, import_run: int | None
    ) -> None:
        self.payloads = payloads
        self.sender = sender
        self.now = now
        self.import_run = import_run
        self.outcomes: list[EventOutcome | None] = [None] * len(payloads)
        # well-formed events whose turn is still to come
        self.queued: dict[int, Envelope | Retraction] = {}
        # those of the present turn, and the stored events that they replace or take back
        self.pending: dict[int, Envelope] = {}
        self.retractions: dict[int, Retraction] = {}
        self.replaced: dict[int, Event] = {}

    def check_form(self) -> None:
        for index, payload in enumerate(self.payloads):
            try:
                self.queued[index] = self._well_formed(payload)
            except EventRejected as rejected:
                self.reject(index, rejected)

    def _well_formed(self, payload: Any) -> Envelope | Retraction:
        if isinstance(payload, InvalidLine):
            raise EventRejected(payload.code, payload.reason)
        if is_retraction(payload):
            return open_retraction(payload)
        return open_envelope(payload, now=self.now)

    def begin_turn(self) -> dict[EventIdentity, int]:
        """Take the first of each id from the queue; returns their indexes."""
        firsts: dict[EventIdentity, int] = {}
        for index, item in self.queued.items():
            firsts.setdefault(ident_of(item), index)
        self.pending, self.retractions, self.replaced = {}, {}, {}
        for index in firsts.values():
            item = self.queued.pop(index)
            if isinstance(item, Retraction):
                self.retractions[index] = item
            else:
                self.pending[index] = item
        return firsts

    def reject(self, index: int, rejected: EventRejected) -> None:
        key = rejected_events.key_of(self.payloads[index])
        self.outcomes[index] = EventOutcome.of(key, rejected)

    @property
    def rejected(self) -> list[tuple[Any, EventOutcome]]:
        pairs = zip(self.payloads, self.outcomes, strict=True)
        return [(payload, outcome) for payload, outcome in pairs if outcome and outcome.is_rejected]

    @property
    def settled(self) -> list[EventIdentity]:
        """The events that are in now, or taken back: what was rejected of them before is over."""
        pairs = zip(self.payloads, self.outcomes, strict=True)
        return [
            (rejected_events.kind_of(payload), rejected_events.key_of(payload))
            for payload, outcome in pairs
            if outcome and outcome.status in (ACCEPTED, REPLACED, RETRACTED)
        ]


def ident_of(item: Envelope | Retraction) -> EventIdentity:
    """What distinguishes a sender's events."""
    return item.kind, item.id
