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
from intake.resolve import Sender
from intake.wire import BadLine

LARGEST_KEPT = 64 * 1024
CUT = "… (cut: {} characters)"

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
    "creates_unknown",
)


def keep(refused: Iterable[tuple[Any, Outcome]], sender: Sender, *, now: datetime) -> None:
    """Keep each event (raw, outcome) that was refused; one text of a sender is kept once."""
    rows: dict[str, tuple[Any, ...]] = {}
    for raw, outcome in refused:
        text = text_of(raw)
        digest = hashlib.sha256(text.encode()).hexdigest()
        said = (outcome.code, outcome.reason, outcome.field)
        about = (sender.name, outcome.id, _kind_of(raw), _cut(text), digest)
        rows.setdefault(digest, (*about, *said, now, sender.creates_unknown))
    bulk.upsert(RejectedEvent, COLUMNS, [rows[key] for key in sorted(rows)], conflict=CONFLICT)


CONFLICT = "sender, digest"


def settle(ids: Iterable[str], sender: Sender, *, now: datetime) -> None:
    """Close the rejections of events that have come in corrected."""
    RejectedEvent.objects.open().filter(sender=sender.name, key__in=list(ids)).update(
        resolved_at=now
    )


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


def _kind_of(raw: Any) -> str:
    return _word(raw, "kind")[:100]


def _word(raw: Any, name: str) -> str:
    word = raw.get(name, "") if isinstance(raw, dict) else ""
    return storable(word[:200]) if isinstance(word, str) else ""


def _cut(text: str) -> str:
    return text if len(text) <= LARGEST_KEPT else text[:LARGEST_KEPT] + CUT.format(len(text))


def is_cut(payload: str) -> bool:
    return len(payload) > LARGEST_KEPT
