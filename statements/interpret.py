"""Find the meaning of stored statements, and receive the events that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.database import bulk_upsert
from core.database.id_lists import ids_in
from intake.events.batch import EventOutcome
from intake.events.senders import Sender, sender_named
from intake.receiving.receive import receive
from statements import units
from statements.current_rules import current_rules
from statements.first_activity import with_first_enrollments
from statements.interpreted import Interpreted, Stored
from statements.learner_keys import keys_of
from statements.models import InterpretedStatement, SenderDefault
from statements.occurrence import Identifier
from statements.patterns import count_patterns
from statements.stores import STORES
from statements.translation import Index, translate
from statements.voiding import already_void, void


@transaction.atomic
def take_statements(
    origin: str, stored: Sequence[Stored], sender: Sender, *, now: datetime | None = None
) -> list[EventOutcome]:
    """Interpret the statements that a store has just stored, in its transaction.

    A statement that was taken before is left out. Returns the outcomes of the events.
    """
    now = now or timezone.now()
    default = default_of(sender.name)
    rules = current_rules()
    new = _unknown(origin, stored)
    all_interpreted = [interpret(origin, one, rules, default) for one in new]
    patterns = count_patterns(origin, all_interpreted, sender.name, now=now)
    rows = [
        (origin, one.stored_id, one.one.id[:200], sender.name, patterns[key], one.voids[:200])
        for one, key in zip(all_interpreted, patterns.order, strict=True)
    ]
    columns = ("origin", "stored_id", "statement_id", "sender", "pattern_id", "voids")
    bulk_upsert.insert(InterpretedStatement, columns, rows)
    voided = [one.voids for one in all_interpreted if one.voids]
    void(origin, voided, now=now)
    gone = already_void(origin, [one.one.id for one in all_interpreted])
    valid = [one for one in all_interpreted if one.one.id not in gone]
    keys = learners_of(valid, default, now=now)
    changed = units.forget(origin, voided) | units.note(origin, valid, sender.name, keys)
    new_of_units = [one for one in units.settle(changed, now=now) if not one.is_stored]
    own = [one.event for one in new_of_units if one.sender == sender.name]
    send_of_others([one for one in new_of_units if one.sender != sender.name], now=now)
    return send_events([*events_of(valid, keys), *own], sender, now=now)


def interpret(origin: str, stored: Stored, rules: Index, default: SenderDefault) -> Interpreted:
    one = STORES[origin].read(stored.statement)
    found = translate(one, rules, course=default.course_key, run=default.run_key)
    if one.learner is None and (found.events or found.unit):
        found = found._replace(events=(), unit=None, lacks=frozenset({"learner"}))
    return Interpreted(stored.id, one, found)


def default_of(sender: str) -> SenderDefault:
    return SenderDefault.objects.filter(sender=sender).first() or SenderDefault(sender=sender)


def _unknown(origin: str, stored: Sequence[Stored]) -> list[Stored]:
    ids = {one.id: one for one in stored}
    rows = InterpretedStatement.objects.filter(origin=origin, stored_id__in=ids_in(ids))
    known = set(rows.values_list("stored_id", flat=True))
    return [one for pk, one in ids.items() if pk not in known]


def learners_of(
    some: Collection[Interpreted], default: SenderDefault, *, now: datetime
) -> Mapping[Identifier, str]:
    """Return the keys of the learners of statements from which something follows."""
    telling = [one for one in some if one.translation.events or one.translation.unit]
    identifiers = {one.one.learner for one in telling if one.one.learner}
    return keys_of(identifiers, names_are_keys=default.names_are_keys, now=now)


def events_of(
    some: Collection[Interpreted], keys: Mapping[Identifier, str]
) -> list[dict[str, Any]]:
    """Return the events of interpreted statements with their learners."""
    return [
        event | {"learner": keys[one.one.learner]}
        for one in some
        if one.translation.events and one.one.learner
        for event in one.translation.events
    ]


def send_events(
    events: Sequence[dict[str, Any]], sender: Sender, *, now: datetime
) -> list[EventOutcome]:
    """Receive events; what is wrong with one is kept among the rejected events."""
    if not events:
        return []
    return receive(with_first_enrollments(events, sender), sender, now=now)


def send_of_others(some: Sequence[units.Satisfied], *, now: datetime) -> None:
    """Receive what follows of units by statements of other senders, with their rights."""
    for name in sorted({one.sender for one in some}):
        events = [one.event for one in some if one.sender == name]
        send_events(events, sender_named(name) or Sender(name), now=now)
