"""Statements that void others: the events of a voided statement are taken back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from core import changes
from core.database.id_lists import ids_in
from core.database.queries import select
from intake.facts import rebuildable
from intake.models import Event
from intake.receiving.corrections import retract_events
from statements import first_activity
from statements.models import InterpretedStatement
from statements.vocabulary import adl

VOIDED = adl("voided")
# of one statement
MOST_EVENTS = 4
VOIDED_BEFORE = """
SELECT voids FROM statements_interpretedstatement
WHERE origin = %s AND voids IN %s AND NOT voids = ''
"""
RECEIPTS = "SELECT id FROM intake_receipt WHERE sender IN %s AND key IN %s"


def void(origin: str, ids: Collection[str], *, now: datetime) -> int:
    """Take back the events of these statements; return how many.

    Those whose facts can no longer be rebuilt, because other events have been purged, stay.
    """
    if not ids:
        return 0
    rows = InterpretedStatement.objects.filter(origin=origin, statement_id__in=list(ids))
    return take_back(stored_events(rows), now=now)


def already_void(origin: str, ids: Collection[str]) -> set[str]:
    """Return those statements that another one has declared void before they came."""
    return {voided for (voided,) in select(VOIDED_BEFORE, origin, ids)} if ids else set()


def stored_events(rows: Collection[InterpretedStatement]) -> list[Event]:
    """Return the stored events of these statements."""
    keys = {key for row in rows for key in event_ids(row.statement_id)}
    return events_with_ids({row.sender for row in rows}, keys)


def events_with_ids(senders: Collection[str], keys: Collection[str]) -> list[Event]:
    """Return the stored events of these senders with these ids."""
    ids = [pk for (pk,) in select(RECEIPTS, senders, keys)] if keys else []
    return list(Event.objects.filter(pk__in=ids_in(ids))) if ids else []


def event_ids(statement_id: str) -> list[str]:
    """Return the ids that events of a statement have, and the sign-ups before them."""
    ids = [statement_id, *(f"{statement_id}#{at}" for at in range(2, MOST_EVENTS + 1))]
    return [*ids, *(one + first_activity.SUFFIX for one in ids)]


def take_back(events: list[Event], *, now: datetime) -> int:
    beyond = rebuildable.beyond_horizon(events) if events else set()
    gone = [event for event in events if event.pk not in beyond]
    sign_ups = [event for event in gone if first_activity.is_made(event)]
    made = {event.pk for event in sign_ups}
    others = [event for event in gone if event.pk not in made]
    with changes.gathered() as gathered:
        if others:
            retract_events(others, now=now, changes=gathered)
        if sign_ups:
            first_activity.sign_up_anew(sign_ups, now=now)
            retract_events(sign_ups, now=now, changes=gathered)
    return len(gone)
