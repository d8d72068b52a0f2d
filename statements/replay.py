"""Interpret the history of patterns again, after a rule has changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.database.locks import queue_to_write
from intake.events.batch import EventOutcome
from intake.events.senders import Sender, sender_named
from statements import first_activity, units
from statements.current_rules import current_rules
from statements.first_activity import SUFFIX
from statements.interpret import (
    default_of,
    events_of,
    interpret,
    learners_of,
    send_events,
    send_of_others,
)
from statements.interpreted import Interpreted, Stored
from statements.models import InterpretedStatement, Mapping, Pattern
from statements.patterns import lacks_of, what_follows
from statements.stores import STORES
from statements.voiding import already_void, stored_events, take_back

CHUNK_SIZE = 1_000


def patterns_of(mapping: Mapping) -> list[Pattern]:
    """Return the patterns to which a mapping applies."""
    rows = Pattern.objects.filter(verb=mapping.verb)
    if mapping.activity_type:
        rows = rows.filter(activity_type=mapping.activity_type)
    if mapping.profile:
        rows = rows.filter(profile=mapping.profile)
    return list(rows)


def replay(patterns: Collection[Pattern]) -> dict[str, int]:
    """Interpret all statements of these patterns again; return the outcomes by their status.

    Events that follow no longer are taken back, others are replaced. It may be interrupted and
    repeated, and the order does not matter.
    """
    counts: dict[str, int] = defaultdict(int)
    for pattern in patterns:
        Pattern.objects.filter(pk=pattern.pk).update(incomplete=0, lacks="")
        for rows in _chunks(pattern):
            with queue_to_write(), transaction.atomic():
                for outcome in _replay(pattern, rows):
                    counts[outcome.status] += 1
    return dict(counts)


def _chunks(pattern: Pattern) -> Iterator[list[InterpretedStatement]]:
    last = 0
    while rows := list(pattern.statements.filter(pk__gt=last).order_by("pk")[:CHUNK_SIZE]):
        yield rows
        last = rows[-1].pk


def _replay(pattern: Pattern, rows: Sequence[InterpretedStatement]) -> list[EventOutcome]:
    now = timezone.now()
    rules = current_rules()
    outcomes: list[EventOutcome] = []
    for (origin, name), some in _by_store(rows).items():
        statements = STORES[origin].load([row.stored_id for row in some])
        default = default_of(name)
        interpreted = [
            interpret(origin, Stored(row.stored_id, statements[row.stored_id]), rules, default)
            for row in some
            if row.stored_id in statements
        ]
        gone = already_void(origin, [one.one.id for one in interpreted])
        valid = [one for one in interpreted if one.one.id not in gone]
        keys = learners_of(valid, default, now=now)
        counting = {one.one.id for one in valid if one.translation.unit}
        changed = units.note(origin, valid, name, keys)
        changed |= units.forget(
            origin, [one.one.id for one in interpreted if one.one.id not in counting]
        )
        of_units = units.settle(changed, now=now)
        events = [*events_of(valid, keys), *(one.event for one in of_units if one.sender == name)]
        _take_back_others([row for row in some if row.stored_id in statements], events, now=now)
        corrected = [event | {"correction": "replace"} for event in events]
        sender = sender_named(name) or Sender(name)
        outcomes += send_events(corrected, sender, now=now)
        others = [one for one in of_units if one.sender != name and not one.is_stored]
        send_of_others(others, now=now)
        _note(pattern, interpreted)
    return outcomes


def _by_store(
    rows: Collection[InterpretedStatement],
) -> dict[tuple[str, str], list[InterpretedStatement]]:
    found: dict[tuple[str, str], list[InterpretedStatement]] = defaultdict(list)
    for row in rows:
        found[row.origin, row.sender].append(row)
    return found


def _take_back_others(
    rows: Collection[InterpretedStatement], events: Collection[dict[str, Any]], *, now: datetime
) -> None:
    """Take back the stored events of these statements that follow no longer."""
    following = {(event["kind"], event["id"]) for event in events}
    stored = stored_events(rows)
    # a sign-up before a first activity stays with it
    ids = {key for _, key in following}
    take_back(
        [
            one
            for one in stored
            if (one.kind, one.key) not in following
            and not (first_activity.is_made(one) and one.key.removesuffix(SUFFIX) in ids)
        ],
        now=now,
    )


def _note(pattern: Pattern, interpreted: Sequence[Interpreted]) -> None:
    if not interpreted:
        return
    is_mapped, kinds = what_follows(interpreted[-1].translation)
    incomplete = sum(bool(one.translation.lacks) for one in interpreted)
    Pattern.objects.filter(pk=pattern.pk).update(
        is_mapped=is_mapped,
        kinds=kinds,
        incomplete=F("incomplete") + incomplete,
        lacks=lacks_of(interpreted),
    )
