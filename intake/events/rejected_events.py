"""Store rejected events with the reason; mark them as resolved once they are accepted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from core.database import bulk_upsert
from core.database.queries import select
from intake.event_kinds import KINDS
from intake.events.batch import EventOutcome, kind_of
from intake.events.envelope import EventIdentity, UnreadableEvent
from intake.events.rejections import storable
from intake.events.senders import Sender
from intake.models import RejectedEvent

MAX_STORED = 64 * 1024
TRUNCATED = "… (truncated: {} characters)"  # not translated: stored

COLUMNS = (
    "sender", "key", "kind", "payload", "digest", "code", "reason", "field",
    "received_at", "tried_at", "creates_unknown",
)  # fmt: skip


def store(rejected: Iterable[tuple[Any, EventOutcome]], sender: Sender, *, now: datetime) -> None:
    """Store each rejected event (payload, outcome); the same text of a sender only once."""
    rows: dict[str, tuple[Any, ...]] = {}
    for payload, outcome in rejected:
        text = text_of(payload)
        digest = hashlib.sha256(text.encode()).hexdigest()
        event = (sender.name, outcome.id, kind_of(payload), _truncated(text), digest)
        answer = (outcome.code, outcome.reason, outcome.field)
        rows.setdefault(digest, (*event, *answer, now, now, sender.creates_unknown))
    ordered = [rows[key] for key in sorted(rows)]
    conflict = "sender, digest"  # not translated: columns
    bulk_upsert.upsert(RejectedEvent, COLUMNS, ordered, conflict=conflict)


OPEN = """
SELECT id, kind, key FROM intake_rejectedevent
WHERE sender = %s AND key IN %s AND resolved_at IS NULL
"""


def mark_resolved(identities: Iterable[EventIdentity], sender: Sender, *, now: datetime) -> None:
    """Mark the rejections of these events as resolved.

    An event that was rejected under an unknown kind may have been accepted under another one.
    """
    resolved = set(identities)
    keys = {key for _, key in resolved}
    closed = [
        pk for pk, kind, key in (select(OPEN, sender.name, keys) if keys else ())
        if (kind, key) in resolved or (kind not in KINDS and key in keys)
    ]  # fmt: skip
    if closed:
        RejectedEvent.objects.filter(pk__in=closed).update(resolved_at=now)


def text_of(payload: Any) -> str:
    """Return the event as JSON that a text column can store."""
    if isinstance(payload, UnreadableEvent):
        return storable(payload.text)
    text = json.dumps(payload, ensure_ascii=False)
    # half a surrogate pair can only be stored in its escaped form
    return text if text.isascii() or storable(text) == text else json.dumps(payload)


def _truncated(text: str) -> str:
    return text if len(text) <= MAX_STORED else text[:MAX_STORED] + TRUNCATED.format(len(text))


def is_truncated(payload: str) -> bool:
    return len(payload) > MAX_STORED
