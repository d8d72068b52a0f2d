"""Who an event's customer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from business.models import Customer
from core import bulk_upsert
from core.external_keys import normalize_key
from intake.models import Event

Key = tuple[str, str]
# an event's customer and, by column, what it says of them
Told = tuple[Key, Mapping[str, Any]]


def customers_of(events: Iterable[Event]) -> dict[int, int]:
    """The customers (ids) of these events, by the events' ids; of some nobody is told."""
    told = {event.pk: (event, *one) for event in events if (one := _told(event))}
    ids = _made({key for _, key, _ in told.values()})
    _describe([(event, ids[key], says) for event, key, says in told.values()])
    return {pk: ids[key] for pk, (_, key, _) in told.items()}


def _told(event: Event) -> Told | None:
    """Whom `data.customer` names; left out, the event's learner is the customer."""
    if says := event.data.get("customer"):
        return (says["kind"], normalize_key(says["key"])), says
    if event.learner:
        return (Customer.Kind.LEARNER, event.learner), {}
    return None


def _made(keys: set[Key]) -> dict[Key, int]:
    rows = [(*key, "") for key in sorted(keys)]
    bulk_upsert.upsert(Customer, ("kind", "key", "name"), rows, conflict="kind, key")
    found = Customer.objects.filter(
        kind__in={kind for kind, _ in keys}, key__in={key for _, key in keys}
    )
    return {(kind, key): pk for kind, key, pk in found.values_list("kind", "key", "pk")}


def _describe(told: Sequence[tuple[Event, int, Mapping[str, Any]]]) -> None:
    """Set names and seats; the last word stands, of two at one moment the larger."""
    said = [one for one in told if "name" in one[2] or "seats" in one[2]]
    rows = Customer.objects.select_for_update().in_bulk({pk for _, pk, _ in said})
    for event, pk, says in said:
        _say(rows[pk], "name", "named_at", says.get("name"), event.occurred_at)
        _say(rows[pk], "seats", "seated_at", says.get("seats"), event.occurred_at)
    columns = ["name", "named_at", "seats", "seated_at"]
    Customer.objects.bulk_update(rows.values(), columns, batch_size=500)


def _say(row: Customer, column: str, stamp: str, value: Any, at: datetime) -> None:
    before = getattr(row, stamp)
    if value is None or (before and (before, getattr(row, column)) >= (at, value)):
        return
    setattr(row, column, value)
    setattr(row, stamp, at)
