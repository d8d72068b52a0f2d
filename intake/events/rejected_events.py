"""Rejected events: stored with their text and the reason, resolved once they are accepted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from core import bulk_upsert
from intake.event_kinds import KINDS
from intake.event_parsing import InvalidLine
from intake.events.envelope import storable
from intake.events.outcomes import EventOutcome
from intake.events.senders import Sender
from intake.models import RejectedEvent

LARGEST_KEPT = 64 * 1024
CUT = "… (cut: {} characters)"

# the kind and the sender's id, which is unique within it
EventIdentity = tuple[str, str]

COLUMNS = (
    "sender",
    "key",
    "kind",
    "payload",
    "digest",
    "code",
    "reason",
    "field",
    "received_at",
    "tried_at",
    "creates_unknown",
)


def store(rejected: Iterable[tuple[Any, EventOutcome]], sender: Sender, *, now: datetime) -> None:
    """Store each rejected event (payload, outcome); one text of a sender is stored once."""
    rows: dict[str, tuple[Any, ...]] = {}
    for payload, outcome in rejected:
        text = text_of(payload)
        digest = hashlib.sha256(text.encode()).hexdigest()
        said = (outcome.code, outcome.reason, outcome.field)
        about = (sender.name, outcome.id, kind_of(payload), _cut(text), digest)
        rows.setdefault(digest, (*about, *said, now, now, sender.creates_unknown))
    bulk_upsert.upsert(
        RejectedEvent, COLUMNS, [rows[key] for key in sorted(rows)], conflict=CONFLICT
    )


CONFLICT = "sender, digest"


def mark_resolved(idents: Iterable[EventIdentity], sender: Sender, *, now: datetime) -> None:
    """Resolve the rejections of events (kind and id) that have come in corrected.

    What was rejected for a kind that there is not may have come in under another.
    """
    resolved = set(idents)
    open_ones = RejectedEvent.objects.open().filter(
        sender=sender.name, key__in={key for _, key in resolved}
    )
    rows = open_ones.order_by().values_list("pk", "kind", "key") if resolved else ()
    keys = {key for _, key in resolved}
    closed = [
        pk for pk, kind, key in rows
        if (kind, key) in resolved or (kind not in KINDS and key in keys)
    ]  # fmt: skip
    RejectedEvent.objects.filter(pk__in=closed).update(resolved_at=now)


def text_of(payload: Any) -> str:
    """The event as JSON that a text column takes."""
    if isinstance(payload, InvalidLine):
        return storable(payload.text)
    text = json.dumps(payload, ensure_ascii=False)
    # half a surrogate pair can only be kept in its escaped form
    return text if text.isascii() or _is_unicode(text) else json.dumps(payload)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def key_of(payload: Any) -> str:
    """The event's id where it has one, else nothing."""
    return _word(payload, "id")[:200]


def kind_of(payload: Any) -> str:
    return _word(payload, "kind")[:100]


def _word(payload: Any, name: str) -> str:
    word = payload.get(name, "") if isinstance(payload, dict) else ""
    return storable(word[:200]) if isinstance(word, str) else ""


def _cut(text: str) -> str:
    return text if len(text) <= LARGEST_KEPT else text[:LARGEST_KEPT] + CUT.format(len(text))


def is_cut(payload: str) -> bool:
    return len(payload) > LARGEST_KEPT
