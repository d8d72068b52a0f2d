"""Store the pending events of a batch and dispatch them to their handlers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.db import transaction

from core.database import bulk_upsert, locks
from intake.event_kinds import KINDS, EventSubject, dispatch
from intake.events import receipts
from intake.events.batch import ACCEPTED, FAILED, REPLACED, Batch, EventOutcome
from intake.events.duplicates import answer_duplicates_of_rivals
from intake.events.envelope import Envelope, EventIdentity
from intake.events.rejections import EventRejected
from intake.facts.rebuild_facts import rebind_after
from intake.models import Event
from intake.receiving.corrections import undo
from intake.receiving.references import References, ResolvedRefs, resolve


def store_pending(batch: Batch) -> None:
    """Store course definitions first, then sign-ups, then what enrolled learners do."""
    stages: dict[EventSubject, list[int]] = defaultdict(list)
    for index, envelope in batch.pending.items():
        kind = KINDS.get(envelope.kind)
        stages[kind.about if kind else EventSubject.ENROLLMENT].append(index)
    for stage in sorted(stages):
        _store_or_halve(batch, stages[stage])


def _store_or_halve(batch: Batch, indexes: Sequence[int]) -> None:
    """Store these events; if a handler fails, halve them until the failing event is found."""
    if batch.try_to(lambda: _store(batch, indexes)):
        return
    half = len(indexes) // 2
    if half:
        _store_or_halve(batch, indexes[:half])
        _store_or_halve(batch, indexes[half:])
    else:
        batch.reject(indexes[0], FAILED)


def _store(batch: Batch, indexes: Sequence[int]) -> None:
    events = _resolved(batch, indexes)
    locks.lock_courses_shared(event.course_id for event in events.values())
    replaced = [batch.replaced[index] for index in events if index in batch.replaced]
    if replaced:
        Event.objects.filter(pk__in=[event.pk for event in replaced]).forget()
    inserted = _insert(list(events.values()))
    for index, event in events.items():
        if (event.kind, event.key) in inserted:
            status = REPLACED if index in batch.replaced else ACCEPTED
            batch.outcomes[index] = EventOutcome(event.key, status)
    answer_duplicates_of_rivals(batch, [one for one in events if batch.outcomes[one] is None])
    new = [event for event in events.values() if (event.kind, event.key) in inserted]
    dispatch(new, now=batch.now, changes=batch.changes)
    rebind_after(new, now=batch.now, changes=batch.changes)
    if replaced:
        undo(replaced, now=batch.now, changes=batch.changes)


def _resolved(batch: Batch, indexes: Sequence[int]) -> dict[int, Event]:
    """Build the rows of these events; reject those with references that do not exist.

    Rows created for a rejected event are rolled back, and the others are resolved again.
    """
    while True:
        with transaction.atomic():
            events = _resolve_or_reject(batch, indexes)
            is_final = len(events) == len(indexes) or not batch.sender.may_create_rows
            transaction.set_rollback(not is_final)
        if is_final:
            return events
        indexes = list(events)


def _resolve_or_reject(batch: Batch, indexes: Sequence[int]) -> dict[int, Event]:
    envelopes = {index: batch.pending[index] for index in indexes}
    mapped = [envelope for envelope in envelopes.values() if envelope.kind in KINDS]
    references = References(mapped, batch.sender)
    events: dict[int, Event] = {}
    for index, envelope in envelopes.items():
        try:
            is_mapped = envelope.kind in KINDS
            resolved = resolve(envelope, references) if is_mapped else ResolvedRefs()
        except EventRejected as rejected:
            batch.reject(index, rejected)
        else:
            events[index] = _row(batch, envelope, resolved)
    _reject_wrong(batch, events)
    return events


def _reject_wrong(batch: Batch, events: dict[int, Event]) -> None:
    """Reject the events that are wrong by what is stored, as their kinds say."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for index, event in events.items():
        by_kind[event.kind].append(index)
    for name, indexes in by_kind.items():
        find = KINDS[name].find_problems if name in KINDS else None
        found = find([events[index] for index in indexes]) if find else {}
        for at, (code, field, sentence) in found.items():
            batch.reject(indexes[at], EventRejected(code, sentence, field))
            del events[indexes[at]]


def _row(batch: Batch, envelope: Envelope, resolved: ResolvedRefs) -> Event:
    values: tuple[Any, ...] = (
        None,
        batch.sender.name,
        envelope.id,
        envelope.kind,
        envelope.occurred_at,
        batch.received_at,
        envelope.learner or "",
        envelope.course or "",
        # a replay must find the same run, however many runs exist by then
        envelope.run or resolved.run_key,
        envelope.module or "",
        envelope.object or "",
        envelope.value,
        envelope.data,
        envelope.kind in KINDS,
        resolved.course_id,
        resolved.enrollment_id,
        resolved.module_id,
        batch.import_run,
    )
    # positional arguments take Django half the time of keyword arguments
    return Event(*values)  # type: ignore[misc]


COLUMNS = tuple(one.attname for one in Event._meta.concrete_fields)
values_of = attrgetter(*COLUMNS)


def _insert(events: Sequence[Event]) -> set[EventIdentity]:
    """Insert the events and set their pk; return the identities that were not known before."""
    pks = receipts.give(events)
    new = [event for event in events if (event.kind, event.key) in pks]
    for event in new:
        event.pk = pks[event.kind, event.key]
    bulk_upsert.insert(Event, COLUMNS, map(values_of, new))
    return set(pks)
