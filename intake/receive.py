"""The one door: a batch of events in, and in the same transaction the facts they make."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from curriculum import bulk
from intake.envelope import Envelope, Refused, check_data, open_envelope
from intake.models import Event, RejectedEvent
from intake.registry import KINDS, About
from intake.resolve import Found, References, Sender
from intake.wire import BadLine

logger = logging.getLogger(__name__)

ACCEPTED, DUPLICATE, REJECTED = "accepted", "duplicate", "rejected"
LARGEST_KEPT = 64 * 1024


@dataclass(frozen=True)
class Outcome:
    """What became of one event of a batch, at the same place as the event."""

    id: str
    status: str
    code: str = ""
    reason: str = ""
    field: str = ""

    def as_json(self) -> dict[str, str]:
        body = {"id": self.id, "status": self.status}
        if self.status == REJECTED:
            body |= {"code": self.code, "reason": self.reason}
            body |= {"field": self.field} if self.field else {}
        return body


class Batch:
    """The events of one call, each heading for its outcome."""

    def __init__(self, raws: Sequence[Any], sender: Sender, now: datetime) -> None:
        self.raws = raws
        self.sender = sender
        self.now = now
        self.outcomes: list[Outcome | None] = [None] * len(raws)
        self.waiting: dict[int, Envelope] = {}

    def open(self) -> None:
        """Check the form of each event; of two with one id, the first counts."""
        seen: set[str] = set()
        for place, raw in enumerate(self.raws):
            try:
                envelope = self._envelope(raw)
            except Refused as refused:
                self.refuse(place, refused)
                continue
            if envelope.id in seen:
                self.outcomes[place] = Outcome(envelope.id, DUPLICATE)
            else:
                seen.add(envelope.id)
                self.waiting[place] = envelope

    def _envelope(self, raw: Any) -> Envelope:
        if isinstance(raw, BadLine):
            raise Refused("not_json", raw.reason)
        return open_envelope(raw, now=self.now)

    def drop_known(self) -> None:
        """Answer for those taken before, so that no more work is done for them."""
        ids = [one.id for one in self.waiting.values()]
        rows = Event.objects.filter(sender=self.sender.name, key__in=ids)
        known = set(rows.values_list("key", flat=True))
        for place, envelope in list(self.waiting.items()):
            if envelope.id in known:
                self.outcomes[place] = Outcome(envelope.id, DUPLICATE)
                del self.waiting[place]

    def take(self, places: Sequence[int]) -> None:
        """Keep these events and make their facts; those that lead nowhere are refused."""
        envelopes = {place: self.waiting.pop(place) for place in places}
        mapped = [one for one in envelopes.values() if one.kind in KINDS]
        references = References(mapped, self.sender) if mapped else None
        events: dict[int, Event] = {}
        for place, envelope in envelopes.items():
            try:
                events[place] = self._event(envelope, references)
            except Refused as refused:
                self.refuse(place, refused)
        new = keep(list(events.values()))
        for place, event in events.items():
            self.outcomes[place] = Outcome(event.key, ACCEPTED if event.key in new else DUPLICATE)
        hand_over([event for event in events.values() if event.key in new])

    def _event(self, envelope: Envelope, references: References | None) -> Event:
        found, data = Found(), envelope.data
        is_mapped = envelope.kind in KINDS
        if is_mapped and references:
            data = check_data(envelope)
            found = references.find(envelope)
        return Event(
            sender=self.sender.name,
            key=envelope.id,
            kind=envelope.kind,
            occurred_at=envelope.occurred_at,
            received_at=self.now,
            learner=envelope.learner or "",
            course_key=envelope.course or "",
            run_key=envelope.run or "",
            module_key=envelope.module or "",
            object=envelope.object or "",
            value=envelope.value,
            data=data,
            is_mapped=is_mapped,
            course_id=found.course_id,
            enrollment_id=found.enrollment_id,
            module_id=found.module_id,
        )

    def refuse(self, place: int, refused: Refused) -> None:
        raw = self.raws[place]
        key = raw.get("id", "") if isinstance(raw, dict) else ""
        key = key if isinstance(key, str) else ""
        self.outcomes[place] = Outcome(
            key[:200], REJECTED, refused.code, refused.reason, refused.field
        )

    def keep_rejected(self) -> None:
        rows = [
            self._rejected(self.raws[place], outcome)
            for place, outcome in enumerate(self.outcomes)
            if outcome and outcome.status == REJECTED
        ]
        bulk.upsert(
            RejectedEvent,
            REJECTED_COLUMNS,
            {row[4]: row for row in rows}.values(),
            conflict="sender, digest",
        )

    def _rejected(self, raw: Any, outcome: Outcome) -> tuple[Any, ...]:
        text = raw.text if isinstance(raw, BadLine) else json.dumps(raw, ensure_ascii=False)
        text = text.replace("\x00", "").replace("\\u0000", "")
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        kind = raw.get("kind", "") if isinstance(raw, dict) else ""
        kind = kind[:100].replace("\x00", "") if isinstance(kind, str) else ""
        sender = self.sender
        said = (outcome.code, _clean(outcome.reason), _clean(outcome.field))
        place = (sender.name, _clean(outcome.id), kind, _kept(text), digest)
        return (*place, *said, self.now, sender.creates_unknown)

    def settle(self) -> None:
        """Close the rejections of events that have come in corrected."""
        taken = [one.id for one in self.outcomes if one and one.status == ACCEPTED]
        RejectedEvent.objects.open().filter(sender=self.sender.name, key__in=taken).update(
            resolved_at=self.now
        )


REJECTED_COLUMNS = (
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
EVENT_COLUMNS = (
    "sender",
    "key",
    "kind",
    "occurred_at",
    "received_at",
    "learner",
    "course_key",
    "run_key",
    "module_key",
    "object",
    "value",
    "data",
    "is_mapped",
    "course_id",
    "enrollment_id",
    "module_id",
)


def receive(raws: Sequence[Any], sender: Sender, *, now: datetime | None = None) -> list[Outcome]:
    """Take a batch in one transaction; one outcome per event, in the batch's order.

    The same batch again changes nothing. Should a handler fail, each event is tried by itself,
    so that a bad one takes no neighbour down.
    """
    now = now or timezone.now()
    try:
        return _receive(raws, sender, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(raws) > 1:
            logger.exception("a batch of %d failed, taking its events one by one", len(raws))
            return [outcome for raw in raws for outcome in receive([raw], sender, now=now)]
        logger.exception("an event failed")
        return _give_up(raws, sender, now)


@transaction.atomic
def _receive(raws: Sequence[Any], sender: Sender, now: datetime) -> list[Outcome]:
    batch = Batch(raws, sender, now)
    batch.open()
    batch.drop_known()
    for stage in About:
        if places := [place for place, one in batch.waiting.items() if stage_of(one) == stage]:
            batch.take(places)
    batch.keep_rejected()
    batch.settle()
    return [outcome for outcome in batch.outcomes if outcome]


@transaction.atomic
def _give_up(raws: Sequence[Any], sender: Sender, now: datetime) -> list[Outcome]:
    batch = Batch(raws, sender, now)
    batch.refuse(0, Refused("failed", "It could not be processed; the fault is logged."))
    batch.keep_rejected()
    return [outcome for outcome in batch.outcomes if outcome]


def stage_of(envelope: Envelope) -> About:
    """Courses come before sign-ups and those before what enrolled learners do."""
    kind = KINDS.get(envelope.kind)
    return kind.about if kind else About.ENROLLMENT


def keep(events: Sequence[Event]) -> set[str]:
    """Insert the events; returns the ids of those that were not there, and sets their pk."""
    rows = [tuple(getattr(event, name) for name in EVENT_COLUMNS) for event in events]
    new = bulk.upsert(Event, EVENT_COLUMNS, rows, conflict="sender, key", returning=("key", "id"))
    pks = {str(key): int(pk) for key, pk in new}
    for event in events:
        if event.key in pks:
            event.pk = pks[event.key]
    return set(pks)


def hand_over(events: Sequence[Event]) -> None:
    """Give each kind's handler its events, in the order in which kinds are declared."""
    by_kind: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_kind[event.kind].append(event)
    for name, kind in KINDS.items():
        if name in by_kind:
            kind.handler(by_kind[name])


def _clean(text: str) -> str:
    return text.replace("\x00", "")


def _kept(text: str) -> str:
    if len(text) <= LARGEST_KEPT:
        return text
    return f"{text[:LARGEST_KEPT]}… (cut: {len(text)} characters)"
