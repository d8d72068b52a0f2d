"""Receive a batch of events: store them, and create the facts that follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from core import counters
from core.database import query_planner
from core.database.locks import queue_to_write
from intake.event_kinds import KINDS
from intake.events import rejected_events
from intake.events.batch import Batch, EventOutcome
from intake.events.duplicates import answer_duplicates_in_batch, compare_with_stored
from intake.events.rejections import EventRejected
from intake.events.senders import Sender
from intake.receiving.corrections import retract
from intake.receiving.store_events import store_pending

# each version takes a pass of its own
MAX_VERSIONS_OF_ONE_ID = 10
SAME_ID = EventRejected(
    "same_id",
    format_lazy(
        gettext_lazy(
            "id: a batch may contain at most {limit} different versions of one event; "
            "send the others later."
        ),
        limit=MAX_VERSIONS_OF_ONE_ID,
    ),
    "id",
)
# a batch of this size may change the size of tables so much that query plans get worse
LARGE_BATCH = 1_000


def receive(
    payloads: Sequence[Any],
    sender: Sender,
    *,
    now: datetime | None = None,
    received_at: datetime | None = None,
    keeps_rejected: bool = True,
    import_run: int | None = None,
) -> list[EventOutcome]:
    """Receive a batch in one transaction; return one outcome per event, in the batch's order.

    Sending the same batch again changes nothing. An event that differs from the one stored under
    its kind and id is a conflict, unless it is sent as a correction. An event whose handler fails
    is rejected without affecting the others. Raises OperationalError if the database was busy
    with another writer; the batch can be sent again. `received_at` is for events that were
    received before.
    """
    now = now or timezone.now()
    batch = Batch(payloads, sender, now=now, received_at=received_at or now, import_run=import_run)
    batch.open()
    with queue_to_write(), transaction.atomic():
        batch.name_learners()
        _process(batch)
        batch.changes.write()
        rejected_events.mark_resolved(batch.settled, sender, now=batch.now)
        if keeps_rejected:
            rejected_events.store(batch.rejected, sender, now=batch.now)
        if len(payloads) >= LARGE_BATCH:
            query_planner.analyze_grown_tables(growth=2)
    _count(batch)
    return [outcome for outcome in batch.outcomes if outcome]


def _count(batch: Batch) -> None:
    """Count what became of the events once they are stored for good."""
    door = batch.sender.door
    counts = Counter(outcome.status for outcome in batch.outcomes if outcome)
    amounts: dict[counters.Counter, float] = {
        ("events", door, status): number for status, number in counts.items()
    }
    transaction.on_commit(partial(counters.add, amounts))


def _process(batch: Batch) -> None:
    for _ in range(MAX_VERSIONS_OF_ONE_ID):
        firsts = batch.begin_pass()
        compare_with_stored(batch)
        retract(batch)
        _check_against_kinds(batch)
        store_pending(batch)
        answer_duplicates_in_batch(batch, firsts)
        if not batch.queued:
            return
    for index in batch.queued:
        batch.reject(index, SAME_ID)


def _check_against_kinds(batch: Batch) -> None:
    """Reject events that the sender may not send, or that lack what their kind requires."""
    for index, envelope in list(batch.pending.items()):
        kind = KINDS.get(envelope.kind)
        if kind is None:
            continue
        checked = batch.checked[index]
        if kind.required_scope and kind.required_scope not in batch.sender.scopes:
            reason = gettext("kind: requires an API key with the scope %(scope)s.")
            checked = EventRejected("not_allowed", reason % {"scope": kind.required_scope}, "kind")
        if isinstance(checked, EventRejected):
            batch.reject(index, checked)
            del batch.pending[index]
        else:
            envelope.data = checked
