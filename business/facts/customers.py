"""Find and create the customers of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from business.models import Customer
from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, given_texts
from core.external_keys import normalize_key
from curriculum.models import Learner
from intake.models import Event

# kind and key of a customer
Key = tuple[str, str]
# an event, its customer (id), and what it reports of the customer
Report = tuple[Event, int, Mapping[str, Any]]


def customers_of(events: Iterable[Event]) -> dict[int, int]:
    """Find the customers (ids) by event id, and create missing ones.

    `data.customer` names the customer; otherwise it is the learner. An event with neither is left
    out.
    """
    named: list[tuple[Event, Key, Mapping[str, Any]]] = []
    for event in events:
        if fields := event.data.get("customer"):
            named.append((event, (fields["kind"], normalize_key(fields["key"])), fields))
        elif event.learner:
            named.append((event, (Customer.Kind.LEARNER, event.learner), {}))
    ids = _find_or_create({key for _, key, _ in named})
    _describe([(event, ids[key], fields) for event, key, fields in named])
    return {event.pk: ids[key] for event, key, _ in named}


FOUND = CompiledQuery(
    Customer.objects.filter(kind__in=given_texts("kinds"), key__in=given_texts("keys"))
    .order_by()
    .values_list("kind", "key", "pk")
)
# a learner whose key was changed may have a customer under the former one
UNLINKED = CompiledQuery(
    Learner.objects.filter(key__in=given_texts("keys"), customer=None)
    .order_by()
    .values_list("key", "pk")
)


def _find_or_create(keys: set[Key]) -> dict[Key, int]:
    found = _find(keys)
    if new := sorted(keys - found.keys()):
        of_learners = [key for kind, key in new if kind == Customer.Kind.LEARNER]
        learners = dict(UNLINKED.run(keys=of_learners))
        rows = [
            (kind, key, "", learners.get(key) if kind == Customer.Kind.LEARNER else None)
            for kind, key in new
        ]
        conflict = "kind, key"  # not translated: SQL
        bulk_upsert.upsert(Customer, ("kind", "key", "name", "learner_id"), rows, conflict=conflict)
        found |= _find(set(new))
    return found


def _find(keys: set[Key]) -> dict[Key, int]:
    rows = FOUND.run(kinds={kind for kind, _ in keys}, keys={key for _, key in keys})
    return {(kind, key): pk for kind, key, pk in rows}


def _describe(reports: Sequence[Report]) -> None:
    """Set names and seats; the latest report wins, of two at the same moment the larger value."""
    reports = [one for one in reports if "name" in one[2] or "seats" in one[2]]
    if not reports:
        return
    rows = Customer.objects.select_for_update().in_bulk({pk for _, pk, _ in reports})
    for event, pk, fields in reports:
        _set_latest(rows[pk], "name", "name_reported_at", fields.get("name"), event.occurred_at)
        _set_latest(rows[pk], "seats", "seats_reported_at", fields.get("seats"), event.occurred_at)
    columns = ["name", "name_reported_at", "seats", "seats_reported_at"]
    Customer.objects.bulk_update(rows.values(), columns, batch_size=500)


def _set_latest(row: Customer, column: str, at_column: str, value: Any, at: datetime) -> None:
    before = getattr(row, at_column)
    if value is None or (before and (before, getattr(row, column)) >= (at, value)):
        return
    setattr(row, column, value)
    setattr(row, at_column, at)
