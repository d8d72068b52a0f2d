"""Events that could not be taken: kept with their text and the reason, closed once they are in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from curriculum import bulk
from intake.envelope import storable
from intake.models import RejectedEvent
from intake.outcome import Outcome
from intake.registry import KINDS
from intake.senders import Sender
from intake.wire import BadLine

LARGEST_KEPT = 64 * 1024
CUT = "… (cut: {} characters)"

# the kind and the sender's id, which is unique within it
Ident = tuple[str, str]

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


def keep(refused: Iterable[tuple[Any, Outcome]], sender: Sender, *, now: datetime) -> None:
    """Keep each event (raw, outcome) that was refused; one text of a sender is kept once."""
    rows: dict[str, tuple[Any, ...]] = {}
    for raw, outcome in refused:
        text = text_of(raw)
        digest = hashlib.sha256(text.encode()).hexdigest()
        said = (outcome.code, outcome.reason, outcome.field)
        about = (sender.name, outcome.id, kind_of(raw), _cut(text), digest)
        rows.setdefault(digest, (*about, *said, now, now, sender.creates_unknown))
    bulk.upsert(RejectedEvent, COLUMNS, [rows[key] for key in sorted(rows)], conflict=CONFLICT)


CONFLICT = "sender, digest"


def settle(idents: Iterable[Ident], sender: Sender, *, now: datetime) -> None:
    """Close the rejections of events (kind and id) that have come in corrected.

    What was rejected for a kind that there is not may have come in under another.
    """
    taken = set(idents)
    waiting = RejectedEvent.objects.open().filter(
        sender=sender.name, key__in={key for _, key in taken}
    )
    rows = waiting.order_by().values_list("pk", "kind", "key") if taken else ()
    keys = {key for _, key in taken}
    closed = [
        pk for pk, kind, key in rows
        if (kind, key) in taken or (kind not in KINDS and key in keys)
    ]  # fmt: skip
    RejectedEvent.objects.filter(pk__in=closed).update(resolved_at=now)


def text_of(raw: Any) -> str:
    """The event as JSON that a text column takes."""
    if isinstance(raw, BadLine):
        return storable(raw.text)
    text = json.dumps(raw, ensure_ascii=False)
    # half a surrogate pair can only be kept in its escaped form
    return text if text.isascii() or _is_unicode(text) else json.dumps(raw)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def key_of(raw: Any) -> str:
    """The event's id where it has one, else nothing."""
    return _word(raw, "id")[:200]


def kind_of(raw: Any) -> str:
    return _word(raw, "kind")[:100]


def _word(raw: Any, name: str) -> str:
    word = raw.get(name, "") if isinstance(raw, dict) else ""
    return storable(word[:200]) if isinstance(word, str) else ""


def _cut(text: str) -> str:
    return text if len(text) <= LARGEST_KEPT else text[:LARGEST_KEPT] + CUT.format(len(text))


def is_cut(payload: str) -> bool:
    return len(payload) > LARGEST_KEPT
