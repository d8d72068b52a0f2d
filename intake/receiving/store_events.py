"""Store the pending events of a batch and dispatch them to their handlers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC
from operator import attrgetter
from typing import cast

from django.db import transaction

from core.database import bulk_upsert, locks
from intake.event_batch import NewEvent
from intake.event_kinds import KINDS, EventSubject
from intake.events import receipts
from intake.events.batch import ACCEPTED, FAILED, REPLACED, Batch, EventOutcome
from intake.events.duplicates import answer_duplicates_of_rivals
from intake.events.envelope import EventIdentity
from intake.events.rejections import EventRejected
from intake.facts.rebuild_facts import dispatch_and_rebind
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
    dispatch_and_rebind(new, now=batch.now, changes=batch.changes)
    if replaced:
        undo(replaced, now=batch.now, changes=batch.changes)


def _resolved(batch: Batch, indexes: Sequence[int]) -> dict[int, Event]:
    """Return these events with the rows they refer to; reject those whose rows do not exist.

    Rows created for a rejected event are rolled back, and the others are resolved again.
    """
    events, rejections = _resolve(batch, indexes, creates=False)
    is_final = not rejections or not batch.sender.may_create_rows
    while not is_final:
        with transaction.atomic():
            events, rejections = _resolve(batch, indexes, creates=True)
            is_final = not rejections
            transaction.set_rollback(not is_final)
        _reject(batch, rejections)
        indexes = list(events)
    _reject(batch, rejections)
    return events


def _reject(batch: Batch, rejections: Mapping[int, EventRejected]) -> None:
    for index, rejected in rejections.items():
        batch.reject(index, rejected)


def _resolve(
    batch: Batch, indexes: Sequence[int], *, creates: bool
) -> tuple[dict[int, Event], dict[int, EventRejected]]:
    envelopes = {index: batch.pending[index] for index in indexes}
    mapped = [envelope for envelope in envelopes.values() if envelope.kind in KINDS]
    references = References(mapped, batch.sender, creates=creates)
    events: dict[int, Event] = {}
    rejections: dict[int, EventRejected] = {}
    for index, envelope in envelopes.items():
        try:
            is_mapped = envelope.kind in KINDS
            resolved = resolve(envelope, references) if is_mapped else ResolvedRefs()
        except EventRejected as rejected:
            rejections[index] = rejected
            if batch.sender.may_create_rows and not creates:
                # all of them are resolved again, once what is missing has been created
                break
        else:
            events[index] = _event(batch, index, resolved)
    rejections |= (wrong := _find_wrong(events))
    return {index: one for index, one in events.items() if index not in wrong}, rejections


def _find_wrong(events: Mapping[int, Event]) -> dict[int, EventRejected]:
    """Return the events that are wrong by what is stored, as their kinds say."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for index, event in events.items():
        by_kind[event.kind].append(index)
    wrong: dict[int, EventRejected] = {}
    for name, indexes in by_kind.items():
        find = KINDS[name].find_problems if name in KINDS else None
        found = find([events[index] for index in indexes]) if find else {}
        for at, (code, field, sentence) in found.items():
            wrong[indexes[at]] = EventRejected(code, sentence, field)
    return wrong


def _event(batch: Batch, index: int, resolved: ResolvedRefs) -> Event:
    envelope = batch.pending[index]
    event = NewEvent(
        0,
        batch.sender.name,
        envelope.id,
        envelope.kind,
        envelope.occurred_at.astimezone(UTC),
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
        batch.sent_learners.get(index, ""),
    )
    # handlers get these and stored events alike
    return cast("Event", event)


COLUMNS = tuple(one.attname for one in Event._meta.concrete_fields)
values_of = attrgetter(*COLUMNS)


def _insert(events: Sequence[Event]) -> set[EventIdentity]:
    """Insert the events and set their id; return the identities that were not known before."""
    ids = receipts.give(events)
    new = [event for event in events if (event.kind, event.key) in ids]
    for event in new:
        event.id = ids[event.kind, event.key]
    bulk_upsert.insert(Event, COLUMNS, map(values_of, new))
    return set(ids)
