"""Give receipts for accepted events, which recognize an event even after it has been purged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from core.database import bulk_upsert
from core.database.queries import select
from core.personal_data import pseudonym_of
from intake.events.envelope import Envelope, EventIdentity
from intake.models import Event, Receipt

COLUMNS = ("sender", "key", "kind", "digest", "received_at", "course_id")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# json.dumps would build one for each call
encode_text = json.encoder.encode_basestring_ascii
encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def give(events: Sequence[Event]) -> dict[EventIdentity, int]:
    """Store a receipt for each event; return the ids of the receipts that are new."""
    # two batches that insert in the same order cannot deadlock
    ordered = sorted(events, key=attrgetter("key", "kind"))
    rows = [
        (one.sender, one.key, one.kind, digest_of_event(one), one.received_at, one.course_id)
        for one in ordered
    ]
    returning = ("kind", "key", "id")
    conflict = "sender, key, kind"  # not translated: columns
    new = bulk_upsert.upsert(Receipt, COLUMNS, rows, conflict=conflict, returning=returning)
    return {(str(kind), str(key)): int(pk) for kind, key, pk in new}


# and a row without an identity if there are pseudonyms
KNOWN = """
SELECT id, key, kind FROM intake_receipt WHERE sender = %s AND key IN %s AND kind IN %s
UNION ALL SELECT 0, NULL, NULL WHERE EXISTS (SELECT 1 FROM intake_receipt WHERE is_erased)
"""


def known(sender: str, identities: Iterable[EventIdentity]) -> dict[EventIdentity, Receipt]:
    """Return the receipts of those events that the sender has sent before."""
    wanted = set(identities)
    sent_as, kinds = {key: key for _, key in wanted}, {kind for kind, _ in wanted}
    rows = select(KNOWN, sender, sent_as.keys(), kinds)
    if any(key is None for _, key, _ in rows):
        sent_as |= {pseudonym_of(key): key for _, key in wanted}
        rows = select(KNOWN, sender, sent_as.keys(), kinds)
    found = {pk: (kind, sent_as[key]) for pk, key, kind in rows if key is not None}
    ids = [pk for pk, identity in found.items() if identity in wanted]
    stored = Receipt.objects.in_bulk(ids) if ids else {}
    return {found[pk]: receipt for pk, receipt in stored.items()}


def digest_of_event(event: Event) -> int:
    """Return the digest of the content of an event that is stored or about to be."""
    return _digest(
        event.occurred_at,
        (event.learner, event.course_key, event.run_key, event.module_key, event.object),
        event.value,
        event.data,
    )


def digest_of_envelope(envelope: Envelope, data: Mapping[str, Any], run: str | None) -> int:
    """Return the digest of an event with these data, as stored, and this run."""
    keys = (envelope.learner, envelope.course, run, envelope.module, envelope.object)
    return _digest(envelope.occurred_at, keys, envelope.value, data)


def _digest(
    occurred_at: datetime,
    keys: Iterable[str | None],
    value: float | None,
    data: Mapping[str, Any],
) -> int:
    """Return 64 bits; contents that compare as equal have equal digests.

    Times are equal in any zone, 60 equals 60.0, and a missing field equals an empty one.
    """
    # the same text as of the whole as JSON, in less time
    given = [
        f"{encode_text(name)}:{_written(data[name])}"
        for name in (sorted(data) if data else ())
        if data[name] is not None
    ]
    canonical = (
        str((occurred_at - EPOCH) // MICROSECOND),
        *[encode_text(key or "") for key in keys],
        "null" if value is None else _written(value),
        f"{{{','.join(given)}}}",
    )
    raw = hashlib.blake2b(f"[{','.join(canonical)}]".encode(), digest_size=8).digest()
    return int.from_bytes(raw, "big", signed=True)


def _written(value: Any) -> str:
    if type(value) is str:
        return encode_text(value)
    canonical = _canonical(value)
    return str(canonical) if type(canonical) is int else encode(canonical)


def _canonical(value: Any) -> Any:
    """Return one form for numbers that are equal."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict):
        return {key: _canonical(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    return value
