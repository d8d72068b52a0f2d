"""Events whose kind and id came before: duplicates, conflicts and replacements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from intake.events.batch import Batch, ident_of
from intake.events.content_comparison import first_difference
from intake.events.envelope import Envelope, EventRejected, Retraction
from intake.events.outcomes import ACCEPTED, CONFLICT, DUPLICATE, REPLACED, RETRACTED, EventOutcome
from intake.events.rejected_events import EventIdentity
from intake.events.senders import Sender
from intake.models import Event

NOT_ALLOWED = EventRejected(
    "unknown_course", "course: this sender may not change events of that course.", "course"
)


def compare_with_stored(batch: Batch) -> None:
    """Answer for events stored before, so that no more work is done for them.

    Where an event corrects or retracts a stored one, this is noted in `batch.replaced`.
    """
    stored = _stored_events(batch.sender, [*batch.pending.values(), *batch.retractions.values()])
    for index, envelope in list(batch.pending.items()):
        if event := stored.get(ident_of(envelope)):
            _compare(batch, index, envelope, event)
    for index, retraction in batch.retractions.items():
        batch.outcomes[index] = EventOutcome(retraction.id, RETRACTED)
        if event := stored.get(ident_of(retraction)):
            batch.replaced[index] = event


def _stored_events(
    sender: Sender, items: Sequence[Envelope | Retraction]
) -> dict[EventIdentity, Event]:
    idents = {ident_of(item) for item in items}
    rows = Event.objects.filter(
        sender=sender.name,
        key__in={key for _, key in idents},
        kind__in={kind for kind, _ in idents},
    ).order_by()
    return {ident: row for row in rows if (ident := (row.kind, row.key)) in idents}


def _compare(batch: Batch, index: int, envelope: Envelope, stored: Event) -> None:
    is_replacement = envelope.correction and first_difference(envelope, stored)
    if is_replacement and batch.sender.may_write_to(stored.course_id):
        batch.replaced[index] = stored
        return
    if is_replacement:
        batch.reject(index, NOT_ALLOWED)
    else:
        batch.outcomes[index] = _duplicate_or_conflict(envelope, stored)
    del batch.pending[index]


def _duplicate_or_conflict(envelope: Envelope, stored: Event | None) -> EventOutcome:
    found = first_difference(envelope, stored) if stored else None
    if found is None:
        return EventOutcome(envelope.id, DUPLICATE)
    conflict = EventRejected("conflict", str(found), found.field)
    return replace(EventOutcome.of(envelope.id, conflict), status=CONFLICT)


def answer_duplicates_in_batch(batch: Batch, firsts: Mapping[EventIdentity, int]) -> None:
    """A copy of an event in the same batch is a duplicate, or rejected as the first one was."""
    for index, item in list(batch.queued.items()):
        first = firsts[ident_of(item)]
        answer = batch.outcomes[first]
        if answer and batch.payloads[first] == batch.payloads[index]:
            is_stored = answer.status in (ACCEPTED, REPLACED)
            batch.outcomes[index] = EventOutcome(answer.id, DUPLICATE) if is_stored else answer
            del batch.queued[index]


def answer_duplicates_of_rivals(batch: Batch, indexes: Sequence[int]) -> None:
    """Answer for events that another batch has stored in the meantime."""
    if not indexes:
        return
    stored = _stored_events(batch.sender, [batch.pending[index] for index in indexes])
    for index in indexes:
        envelope = batch.pending[index]
        rival = stored.get(ident_of(envelope))
        batch.outcomes[index] = _duplicate_or_conflict(envelope, rival)
