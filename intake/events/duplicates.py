"""Handle events whose kind and id are already stored: duplicates, conflicts, replacements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from curriculum.models import CourseRun
from intake.event_kinds import KINDS, EventSubject
from intake.events import receipts
from intake.events.batch import (
    ACCEPTED,
    CONFLICT,
    DUPLICATE,
    REPLACED,
    RETRACTED,
    Batch,
    EventOutcome,
)
from intake.events.envelope import Envelope, EventIdentity, Retraction
from intake.events.kind_checks import check_data
from intake.events.rejections import EventRejected, shown_value
from intake.facts import rebuildable
from intake.models import Event, Receipt

NOT_ALLOWED = EventRejected(
    "unknown_course",
    gettext_lazy("course: this sender may not change events of the course."),
    "course",
)
PURGED = EventRejected(
    "purged",
    gettext_lazy(
        "correction: the event has been purged and can no longer be corrected, "
        "because its facts could not be rebuilt."
    ),
    "correction",
)
PARTLY_PURGED = EventRejected(
    "purged",
    gettext_lazy(
        "correction: other events that led to the same facts have been purged; "
        "the facts could not be rebuilt."
    ),
    "correction",
)
# fields of an envelope, and the columns that store them
FIELDS = (
    *(("occurred_at", "occurred_at"), ("learner", "learner"), ("course", "course_key")),
    *(("run", "run_key"), ("module", "module_key"), ("object", "object"), ("value", "value")),
)


def compare_with_stored(batch: Batch) -> None:
    """Set the outcome of events that were accepted before, so that nothing more is done for them.

    Stored events that are to be replaced or retracted are put into `batch.replaced`.
    """
    items: dict[int, Envelope | Retraction] = {**batch.pending, **batch.retractions}
    found = receipts.known(batch.sender.name, (item.identity for item in items.values()))
    receipt_of = {
        index: found[item.identity] for index, item in items.items() if item.identity in found
    }
    for index, envelope in list(batch.pending.items()):
        if index in receipt_of and _has_digest_of(envelope, receipt_of[index]):
            batch.outcomes[index] = EventOutcome(envelope.id, DUPLICATE)
            del batch.pending[index], receipt_of[index]
    ids = [receipt.pk for receipt in receipt_of.values()]
    stored = Event.objects.in_bulk(ids) if ids else {}
    for index, retraction in batch.retractions.items():
        batch.outcomes[index] = EventOutcome(retraction.id, RETRACTED)
    for index, receipt in receipt_of.items():
        if index in batch.pending:
            _compare(batch, index, receipt, stored.get(receipt.pk))
        else:
            _correct(batch, index, receipt, stored.get(receipt.pk))
    _reject_beyond_horizon(batch)


def _reject_beyond_horizon(batch: Batch) -> None:
    """Reject the corrections of events whose facts were also made by purged events."""
    beyond = rebuildable.beyond_horizon(list(batch.replaced.values())) if batch.replaced else ()
    for index, stored in list(batch.replaced.items()):
        if stored.pk in beyond:
            batch.reject(index, PARTLY_PURGED)
            batch.pending.pop(index, None)
            del batch.replaced[index]


def _has_digest_of(envelope: Envelope, receipt: Receipt) -> bool:
    return receipt.digest == receipts.digest_of_envelope(envelope, envelope.data, envelope.run)


def _compare(batch: Batch, index: int, receipt: Receipt, stored: Event | None) -> None:
    envelope = batch.pending[index]
    outcome = _duplicate_or_conflict(envelope, receipt, stored)
    if outcome.status == CONFLICT and envelope.correction:
        _correct(batch, index, receipt, stored)
    else:
        batch.outcomes[index] = outcome
    if index not in batch.replaced:
        del batch.pending[index]


def _correct(batch: Batch, index: int, receipt: Receipt, stored: Event | None) -> None:
    """Let the event be replaced or retracted if its sender may do so and it is still there."""
    if not batch.sender.may_write_to(receipt.course_id):
        batch.reject(index, NOT_ALLOWED)
    elif stored is None:
        batch.reject(index, PURGED)
    else:
        batch.replaced[index] = stored


def _duplicate_or_conflict(
    envelope: Envelope, receipt: Receipt, stored: Event | None
) -> EventOutcome:
    if stored is None and _is_repetition_of_purged(envelope, receipt):
        return EventOutcome(envelope.id, DUPLICATE)
    difference = first_difference(envelope, stored) if stored else None
    if stored and difference is None:
        return EventOutcome(envelope.id, DUPLICATE)
    if difference is None:
        return EventOutcome.of(envelope.id, _conflict_with_purged(receipt), CONFLICT)
    reason = gettext("%(field)s: the stored event has %(stored)s, this one has %(sent)s.") % {
        "field": difference.field,
        "stored": shown_value(difference.stored),
        "sent": shown_value(difference.sent),
    }
    advice = gettext('To replace it, send the event with "correction": "replace".')
    conflict = EventRejected("conflict", reason, difference.field, advice=advice)
    return EventOutcome.of(envelope.id, conflict, CONFLICT)


def _conflict_with_purged(receipt: Receipt) -> EventRejected:
    reason = gettext(
        "id: another event with this id was accepted on %(day)s; its content has been purged since."
    )
    return EventRejected("conflict", reason % {"day": receipt.received_at.date()}, "id")


def _is_repetition_of_purged(envelope: Envelope, receipt: Receipt) -> bool:
    data = _normalized_data(envelope)
    runs = [envelope.run]
    if _is_filled_in("run", envelope):
        # whichever run was found for the sign-up
        runs += CourseRun.objects.filter(course=receipt.course_id).values_list("key", flat=True)
    return any(receipt.digest == receipts.digest_of_envelope(envelope, data, run) for run in runs)


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
    envelopes = {index: batch.pending[index] for index in indexes}
    found = receipts.known(batch.sender.name, (one.identity for one in envelopes.values()))
    stored = Event.objects.in_bulk({receipt.pk for receipt in found.values()})
    for index, envelope in envelopes.items():
        receipt = found.get(envelope.identity)
        batch.outcomes[index] = (
            _duplicate_or_conflict(envelope, receipt, stored.get(receipt.pk))
            if receipt
            else EventOutcome(envelope.id, DUPLICATE)
        )


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
