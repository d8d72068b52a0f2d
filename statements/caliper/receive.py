"""Receive a Caliper envelope: store what is in it as it was sent, and interpret the events."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.database import bulk_upsert
from core.database.id_lists import ids_in
from core.database.locks import queue_to_write
from intake.events.rejections import storable
from intake.events.senders import Sender
from statements.caliper.envelope import Envelope, Wrong, find_wrong, is_entity
from statements.caliper.reading import read_event
from statements.interpret import take_statements
from statements.interpreted import Stored
from statements.models import CaliperEvent
from statements.stores import STORES, Store
from xapi.statements import erased

ORIGIN = "caliper"
ACCEPTED, DUPLICATE, REFUSED = "accepted", "duplicate", "refused"
Status = CaliperEvent.Status
COLUMNS = (
    "sender", "event_id", "type", "status", "problem", "sensor", "sent_at", "received_at",
    "about", "body", "digest",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one item of an envelope."""

    id: str
    status: str
    wrong: Wrong | None = None

    @property
    def answer(self) -> dict[str, str]:
        answer = {"id": self.id, "status": self.status}
        if self.wrong:
            answer |= {"reason": str(self.wrong), "field": self.wrong.field}
        return answer


def receive_envelope(
    envelope: Envelope, sender: Sender, versions: Collection[str], *, now: datetime | None = None
) -> list[Outcome]:
    """Store and interpret an envelope in one transaction; return one outcome per item.

    A wrong item is stored with its problem and affects no other; what was sent before counts once.
    """
    now = now or timezone.now()
    texts = [_text(item) for item in envelope.items]
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    with queue_to_write(), transaction.atomic():
        known, taken = _known(sender.name, digests, envelope.items)
        gone = _erased(envelope.items)
        outcomes: list[Outcome] = []
        rows: dict[str, tuple[Any, ...]] = {}
        for at, (item, text, digest) in enumerate(zip(envelope.items, texts, digests, strict=True)):
            outcome = _outcome(item, at, digest, known, taken, gone, versions)
            outcomes.append(outcome)
            known.setdefault(digest, outcome.wrong is not None)
            if outcome.status != DUPLICATE:
                row = _row(item, outcome, envelope, sender.name, now)
                rows.setdefault(digest, (*row, storable(text), digest))
        stored = bulk_upsert.upsert(
            CaliperEvent, COLUMNS, rows.values(), conflict="sender, digest",
            returning=("id", "status", "body"),
        )  # fmt: skip
        events = [Stored(pk, json.loads(body)) for pk, status, body in stored if status == "event"]
        take_statements(ORIGIN, events, sender, now=now)
    return outcomes


def _text(item: Any) -> str:
    text = json.dumps(item, ensure_ascii=False)
    # half a surrogate pair and NUL can only be stored in their escaped form
    return text if storable(text) == text else json.dumps(item)


def _known(
    sender: str, digests: Sequence[str], items: Sequence[Any]
) -> tuple[dict[str, bool], set[str]]:
    """Return whether known items were refused, by their digest, and the ids that are taken."""
    rows = CaliperEvent.objects.filter(sender=sender, digest__in=digests)
    known = {digest: status == Status.REFUSED for digest, status in rows.values_list(
        "digest", "status"
    )}  # fmt: skip
    ids = [_id(item) for item in items]
    events = CaliperEvent.objects.filter(sender=sender, status=Status.EVENT, event_id__in=ids)
    return known, set(events.values_list("event_id", flat=True))


def _erased(items: Sequence[Any]) -> set[str]:
    """Return the ids of items that were erased with their learner."""
    keys = {erased.id_of(key): key for key in map(_id, items) if key}
    return {keys[one] for one in erased.erased_among(keys)}


def _outcome(
    item: Any,
    at: int,
    digest: str,
    known: Mapping[str, bool],
    taken: set[str],
    gone: set[str],
    versions: Collection[str],
) -> Outcome:
    key = _id(item)
    wrong = find_wrong(item, at, versions)
    if wrong is None and (digest in known or key in gone):
        return Outcome(key, DUPLICATE)
    if wrong is None and not is_entity(item):
        if key in taken:
            wrong = Wrong(f"data[{at}].id", "another event with this id was received before.")
        taken.add(key)
    return Outcome(key, REFUSED if wrong else ACCEPTED, wrong)


def _id(item: Any) -> str:
    return _short(item, "id", 200)


def _short(item: Any, name: str, longest: int) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return storable(value[:longest]).replace("\x00", "") if isinstance(value, str) else ""


def _row(
    item: Any, outcome: Outcome, envelope: Envelope, sender: str, now: datetime
) -> tuple[Any, ...]:
    status = Status.ENTITY if is_entity(item) else Status.EVENT
    return (
        sender, outcome.id, _short(item, "type", 100),
        (Status.REFUSED if outcome.wrong else status).value,
        storable(str(outcome.wrong or ""))[:500], storable(envelope.sensor).replace("\x00", ""),
        envelope.sent_at, now, _about(item),
    )  # fmt: skip


def _about(item: Any) -> str:
    """Return whom an item is about or what it describes, by which an erased person is found."""
    if not isinstance(item, dict):
        return ""
    named = read_event(item).learner if "action" in item else None
    return storable(named.value if named else _id(item))[:200].replace("\x00", "")


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    counts = Counter(outcome.status for outcome in outcomes)
    return {status: counts[status] for status in (ACCEPTED, DUPLICATE, REFUSED)}


def _load(ids: Collection[int]) -> dict[int, Any]:
    rows = CaliperEvent.objects.filter(pk__in=ids_in(ids))
    return {pk: json.loads(body) for pk, body in rows.values_list("pk", "body")}


STORES.register(ORIGIN, Store(_load, read_event))
