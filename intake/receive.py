"""The one door: a batch of events in, and in the same transaction the facts they make."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from curriculum import bulk, enrolling, planner
from curriculum.holds import turn_to_write
from intake import locks, rejections
from intake.envelope import Envelope, Refused, check_data, open_envelope
from intake.models import Event
from intake.outcome import ACCEPTED, DUPLICATE, REJECTED, Outcome
from intake.registry import ALSO, KINDS, About, surrounded
from intake.resolve import Found, References, Sender
from intake.wire import BadLine

logger = logging.getLogger(__name__)


class Batch:
    """The events of one call, each heading for its outcome."""

    def __init__(self, raws: Sequence[Any], sender: Sender, now: datetime) -> None:
        self.raws = raws
        self.sender = sender
        self.now = now
        self.outcomes: list[Outcome | None] = [None] * len(raws)
        self.waiting: dict[int, Envelope] = {}
        self.twins: dict[int, Envelope] = {}

    def open(self) -> None:
        """Check the form of each event; of two with one id, the first counts."""
        seen: set[str] = set()
        for place, raw in enumerate(self.raws):
            try:
                envelope = self._envelope(raw)
            except Refused as refused:
                self.refuse(place, refused)
                continue
            (self.twins if envelope.id in seen else self.waiting)[place] = envelope
            seen.add(envelope.id)

    def _envelope(self, raw: Any) -> Envelope:
        if isinstance(raw, BadLine):
            raise Refused("not_json", raw.reason)
        return open_envelope(raw, now=self.now)

    def drop_known(self) -> None:
        """Answer for those taken before, so that no more work is done for them."""
        ids = [one.id for one in self.waiting.values()]
        rows = Event.objects.filter(sender=self.sender.name, key__in=ids).order_by()
        known = set(rows.values_list("key", flat=True))
        for place, envelope in list(self.waiting.items()):
            if envelope.id in known:
                self.outcomes[place] = Outcome(envelope.id, DUPLICATE)
                del self.waiting[place]

    def check(self) -> None:
        """Check what each kind asks of its events."""
        for place, envelope in list(self.waiting.items()):
            try:
                self._check(envelope)
            except Refused as refused:
                self.refuse(place, refused)
                del self.waiting[place]

    def _check(self, envelope: Envelope) -> None:
        kind = KINDS.get(envelope.kind)
        if kind is None:
            return
        if kind.scope and kind.scope not in self.sender.scopes:
            raise Refused("not_allowed", f"kind: it needs a key with {kind.scope}.", "kind")
        envelope.data = check_data(envelope)

    def take_all(self) -> None:
        """Take what waits: courses before sign-ups and those before what the enrolled do."""
        stages: dict[About, list[int]] = defaultdict(list)
        for place, envelope in self.waiting.items():
            stages[stage_of(envelope)].append(place)
        for stage in sorted(stages):
            self.take(stages[stage])

    def take(self, places: Sequence[int]) -> None:
        """Take these events; should a handler fail, halve them until it is known at which."""
        try:
            with transaction.atomic():
                self._take(places)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("a handler failed in a batch of %d events", len(places))
            self._take_apart(places)

    def _take_apart(self, places: Sequence[int]) -> None:
        half = len(places) // 2
        if half:
            self.take(places[:half])
            self.take(places[half:])
        else:
            self.refuse(places[0], FAILED)

    def _take(self, places: Sequence[int]) -> None:
        """Keep these events and make their facts; those that lead nowhere are refused."""
        envelopes = [self.waiting[place] for place in places]
        references = References([one for one in envelopes if one.kind in KINDS], self.sender)
        events: dict[int, Event] = {}
        for place, envelope in zip(places, envelopes, strict=True):
            try:
                events[place] = self._event(envelope, references)
            except Refused as refused:
                self.refuse(place, refused)
        locks.share(event.course_id for event in events.values())
        new = keep(list(events.values()))
        for place, event in events.items():
            self.outcomes[place] = Outcome(event.key, ACCEPTED if event.key in new else DUPLICATE)
        hand_over([event for event in events.values() if event.key in new])

    def _event(self, envelope: Envelope, references: References) -> Event:
        is_mapped = envelope.kind in KINDS
        found = references.find(envelope) if is_mapped else Found()
        row: tuple[Any, ...] = (
            None,
            self.sender.name,
            envelope.id,
            envelope.kind,
            envelope.occurred_at,
            self.now,
            envelope.learner or "",
            envelope.course or "",
            # a replay must find the same run, however many there are by then
            envelope.run or found.run_key,
            envelope.module or "",
            envelope.object or "",
            envelope.value,
            envelope.data,
            is_mapped,
            found.course_id,
            found.enrollment_id,
            found.module_id,
        )
        # by position, which takes Django half as long as by name
        return Event(*row)

    def refuse(self, place: int, refused: Refused) -> None:
        key = rejections.key_of(self.raws[place])
        self.outcomes[place] = Outcome.of(key, refused)

    def answer_twins(self) -> None:
        """A second event with an id is a duplicate, or refused where the first was."""
        taken = {one.id for one in self.outcomes if one and one.status != REJECTED}
        for place, envelope in self.twins.items():
            if envelope.id in taken:
                self.outcomes[place] = Outcome(envelope.id, DUPLICATE)
            else:
                self.refuse(place, SAME_ID)

    def refused(self) -> list[tuple[Any, Outcome]]:
        pairs = zip(self.raws, self.outcomes, strict=True)
        return [(raw, one) for raw, one in pairs if one and one.status == REJECTED]

    def settle(self) -> None:
        taken = [one.id for one in self.outcomes if one and one.status == ACCEPTED]
        rejections.settle(taken, self.sender, now=self.now)


FAILED = Refused("failed", "It could not be processed; the fault is logged.")
# so many rows may make tables another size than the query planner knows
MANY = 1_000
SAME_ID = Refused("same_id", "id: the event before it with this id was refused.", "id")


def receive(
    raws: Sequence[Any],
    sender: Sender,
    *,
    now: datetime | None = None,
    keeps_rejected: bool = True,
) -> list[Outcome]:
    """Take a batch in one transaction; one outcome per event, in the batch's order.

    The same batch again changes nothing. An event that a handler fails at is refused and takes no
    neighbour down. OperationalError when the database gave way to another writer: try again.
    """
    batch = Batch(raws, sender, now or timezone.now())
    batch.open()
    with turn_to_write(), transaction.atomic():
        _receive(batch, keeps_rejected=keeps_rejected)
    return [outcome for outcome in batch.outcomes if outcome]


def _receive(batch: Batch, *, keeps_rejected: bool) -> None:
    batch.drop_known()
    batch.check()
    with surrounded():
        batch.take_all()
    batch.answer_twins()
    if keeps_rejected:
        rejections.keep(batch.refused(), batch.sender, now=batch.now)
    batch.settle()
    if len(batch.raws) >= MANY:
        planner.follow(growth=2)


def stage_of(envelope: Envelope) -> About:
    kind = KINDS.get(envelope.kind)
    return kind.about if kind else About.ENROLLMENT


EVENT_COLUMNS = tuple(one.attname for one in Event._meta.concrete_fields if not one.primary_key)
values_of = attrgetter(*EVENT_COLUMNS)


def keep(events: Sequence[Event]) -> set[str]:
    """Insert the events; returns the ids of those that were not there, and sets their pk."""
    # two batches that insert in one order cannot wait for each other
    ordered = sorted(events, key=lambda event: event.key)
    rows = map(values_of, ordered)
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
    enrolling.lock(event.enrollment_id for event in events)
    with surrounded():
        for name, kind in KINDS.items():
            if name in by_kind:
                for handler in (kind.handler, *ALSO[name]):
                    handler(by_kind[name])
