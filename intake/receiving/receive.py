"""Take a batch of events in, and in the same transaction make the facts that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import query_planner
from core.locks import queue_to_write
from intake.event_kinds import KINDS, in_batch_contexts
from intake.events import rejected_events
from intake.events.batch import Batch
from intake.events.duplicates import answer_duplicates_in_batch, compare_with_stored
from intake.events.envelope import Envelope, EventRejected, check_data
from intake.events.outcomes import EventOutcome
from intake.events.senders import Sender
from intake.receiving.corrections import retract
from intake.receiving.store_events import store_pending

# each takes a turn of its own
MOST_OF_ONE_ID = 10
SAME_ID = EventRejected(
    "same_id",
    f"id: a batch says at most {MOST_OF_ONE_ID} different things of one id; send this one later.",
    "id",
)
# so many rows may make tables another size than the query planner knows
MANY = 1_000


def receive(
    payloads: Sequence[Any],
    sender: Sender,
    *,
    now: datetime | None = None,
    keeps_rejected: bool = True,
    import_run: int | None = None,
) -> list[EventOutcome]:
    """Take a batch in one transaction; one outcome per event, in the batch's order.

    The same batch again changes nothing; something else under a kind and id that are stored is a
    conflict, unless it says that it is to replace the stored event. An event that a handler fails
    at is rejected and takes no neighbor down. OperationalError when the database gave way to
    another writer: try again.
    """
    batch = Batch(payloads, sender, now or timezone.now(), import_run)
    batch.check_form()
    with queue_to_write(), transaction.atomic():
        with in_batch_contexts():
            _take_turns(batch)
        rejected_events.mark_resolved(batch.settled, sender, now=batch.now)
        if keeps_rejected:
            rejected_events.store(batch.rejected, sender, now=batch.now)
        if len(payloads) >= MANY:
            query_planner.analyze_grown_tables(growth=2)
    return [outcome for outcome in batch.outcomes if outcome]


def _take_turns(batch: Batch) -> None:
    for _ in range(MOST_OF_ONE_ID):
        firsts = batch.begin_turn()
        compare_with_stored(batch)
        retract(batch)
        _check_by_kind(batch)
        store_pending(batch)
        answer_duplicates_in_batch(batch, firsts)
        if not batch.queued:
            return
    for index in batch.queued:
        batch.reject(index, SAME_ID)


def _check_by_kind(batch: Batch) -> None:
    """Reject events that the sender may not send, or that lack what their kind asks for."""
    for index, envelope in list(batch.pending.items()):
        try:
            _check(envelope, batch.sender)
        except EventRejected as rejected:
            batch.reject(index, rejected)
            del batch.pending[index]


def _check(envelope: Envelope, sender: Sender) -> None:
    kind = KINDS.get(envelope.kind)
    if kind is None:
        return
    if kind.scope and kind.scope not in sender.scopes:
        raise EventRejected("not_allowed", f"kind: it needs a key with {kind.scope}.", "kind")
    envelope.data = check_data(envelope)
