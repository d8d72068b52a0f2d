"""Handle events whose kind and id are already stored: duplicates, conflicts, replacements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from intake.event_kinds import KINDS, EventSubject
from intake.events.batch import (
    ACCEPTED,
    CONFLICT,
    DUPLICATE,
    REPLACED,
    RETRACTED,
    Batch,
    EventOutcome,
)
from intake.events.envelope import (
    Envelope,
    EventIdentity,
    EventRejected,
    Retraction,
    check_data,
    shown_value,
)
from intake.events.senders import Sender
from intake.models import Event

NOT_ALLOWED = EventRejected(
    "unknown_course",
    gettext_lazy("course: this sender may not change events of the course."),
    "course",
)
# fields of an envelope, and the columns that store them
FIELDS = (
    *(("occurred_at", "occurred_at"), ("learner", "learner"), ("course", "course_key")),
    *(("run", "run_key"), ("module", "module_key"), ("object", "object"), ("value", "value")),
)


def compare_with_stored(batch: Batch) -> None:
    """Set the outcome of events that are stored already, so that nothing more is done for them.

    Stored events that are to be replaced or retracted are put into `batch.replaced`.
    """
    stored = _stored_events(batch.sender, [*batch.pending.values(), *batch.retractions.values()])
    for index, envelope in list(batch.pending.items()):
        if event := stored.get(envelope.identity):
            _compare(batch, index, envelope, event)
    for index, retraction in batch.retractions.items():
        batch.outcomes[index] = EventOutcome(retraction.id, RETRACTED)
        if event := stored.get(retraction.identity):
            batch.replaced[index] = event


def _stored_events(
    sender: Sender, items: Sequence[Envelope | Retraction]
) -> dict[EventIdentity, Event]:
    identities = {item.identity for item in items}
    rows = Event.objects.filter(
        sender=sender.name,
        key__in={key for _, key in identities},
        kind__in={kind for kind, _ in identities},
    ).order_by()
    return {
        identity: row for row in rows if (identity := (row.kind, row.key)) in identities
    }  # fmt: skip


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
    difference = first_difference(envelope, stored) if stored else None
    if difference is None:
        return EventOutcome(envelope.id, DUPLICATE)
    reason = gettext("%(field)s: the stored event has %(stored)s, this one has %(sent)s.") % {
        "field": difference.field,
        "stored": shown_value(difference.stored),
        "sent": shown_value(difference.sent),
    }
    advice = gettext('To replace it, send the event with "correction": "replace".')
    conflict = EventRejected("conflict", reason, difference.field, advice=advice)
    return EventOutcome.of(envelope.id, conflict, CONFLICT)


def answer_duplicates_in_batch(batch: Batch, firsts: Mapping[EventIdentity, int]) -> None:
    """Set the outcome of exact copies in the same batch: duplicate, or rejected like the first."""
    for index, item in list(batch.queued.items()):
        first = firsts[item.identity]
        answer = batch.outcomes[first]
        if answer and batch.payloads[first] == batch.payloads[index]:
            is_stored = answer.status in (ACCEPTED, REPLACED)
            batch.outcomes[index] = EventOutcome(answer.id, DUPLICATE) if is_stored else answer
            del batch.queued[index]


def answer_duplicates_of_rivals(batch: Batch, indexes: Sequence[int]) -> None:
    """Set the outcome of events that another batch has stored in the meantime."""
    if not indexes:
        return
    stored = _stored_events(batch.sender, [batch.pending[index] for index in indexes])
    for index in indexes:
        envelope = batch.pending[index]
        batch.outcomes[index] = _duplicate_or_conflict(envelope, stored.get(envelope.identity))


@dataclass(frozen=True)
class FieldDifference:
    """The first field in which an event differs from the stored event with its id."""

    field: str
    stored: Any
    sent: Any


def first_difference(envelope: Envelope, stored: Event) -> FieldDifference | None:
    for name, column in FIELDS:
        before, now = getattr(stored, column), getattr(envelope, name)
        if (before or now) and before != now and not _is_filled_in(name, envelope):
            return FieldDifference(name, before or None, now)
        if name == "value" and (before is None) != (now is None):
            return FieldDifference(name, before, now)
    if envelope.data == stored.data:
        return None
    data = _normalized_data(envelope)
    for name in sorted(data.keys() | stored.data.keys()):
        if data.get(name) != stored.data.get(name):
            return FieldDifference(f"data.{name}", stored.data.get(name), data.get(name))
    return None


def _is_filled_in(name: str, envelope: Envelope) -> bool:
    """True for the run of a sign-up without one: the stored event has the run that was found."""
    is_sign_up = envelope.kind in KINDS and KINDS[envelope.kind].about is EventSubject.SIGN_UP
    return name == "run" and envelope.run is None and is_sign_up


def _normalized_data(envelope: Envelope) -> dict[str, Any]:
    """Return the data as they would be stored; unchanged if they are invalid for the kind."""
    try:
        return check_data(envelope) if envelope.kind in KINDS else envelope.data
    except EventRejected:
        return envelope.data
