"""The one door: a batch of events in, and in the same transaction the facts they make."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from curriculum import bulk, planner
from curriculum.holds import turn_to_write
from intake import locks, rejections
from intake.corrections import take_back, undo
from intake.envelope import (
    Envelope,
    Refused,
    Retraction,
    check_data,
    is_retraction,
    open_envelope,
    open_retraction,
)
from intake.handing import hand_over
from intake.models import Event
from intake.outcome import ACCEPTED, CONFLICT, DUPLICATE, REPLACED, RETRACTED, Outcome
from intake.registry import KINDS, About, surrounded
from intake.rejections import Ident
from intake.resolve import Found, References, Sender
from intake.sameness import Difference, difference
from intake.wire import BadLine

logger = logging.getLogger(__name__)


class Batch:
    """The events of one call, each heading for its outcome."""

    def __init__(
        self, raws: Sequence[Any], sender: Sender, now: datetime, import_run: int | None
    ) -> None:
        self.raws = raws
        self.sender = sender
        self.now = now
        self.import_run = import_run
        self.outcomes: list[Outcome | None] = [None] * len(raws)
        self.opened: dict[int, Envelope | Retraction] = {}
        self.waiting: dict[int, Envelope] = {}
        self.retractions: dict[int, Retraction] = {}
        self.replaced: dict[int, Event] = {}

    def open(self) -> None:
        """Check the form of each event."""
        for place, raw in enumerate(self.raws):
            try:
                self.opened[place] = self._opened(raw)
            except Refused as refused:
                self.refuse(place, refused)

    def _opened(self, raw: Any) -> Envelope | Retraction:
        if isinstance(raw, BadLine):
            raise Refused(raw.code, raw.reason)
        return open_retraction(raw) if is_retraction(raw) else open_envelope(raw, now=self.now)

    def take_turns(self) -> None:
        """Take all: of several events with one id each meets what those before it left."""
        for _ in range(MOST_OF_ONE_ID):
            firsts = self._begin_turn()
            self.meet_known()
            self.retract()
            self.check()
            self.take_all()
            self._answer_copies(firsts)
            if not self.opened:
                return
        for place in self.opened:
            self.refuse(place, SAME_ID)

    def _begin_turn(self) -> dict[Ident, int]:
        """Let the first of each id wait; returns their places."""
        firsts: dict[Ident, int] = {}
        for place, one in self.opened.items():
            firsts.setdefault(ident_of(one), place)
        turn = {place: self.opened.pop(place) for place in firsts.values()}
        self.retractions = {
            place: one for place, one in turn.items() if isinstance(one, Retraction)
        }
        self.waiting = {place: one for place, one in turn.items() if isinstance(one, Envelope)}
        return firsts

    def _answer_copies(self, firsts: Mapping[Ident, int]) -> None:
        """An event that stands in the batch twice is a duplicate, or refused as the first was."""
        for place, one in list(self.opened.items()):
            first = firsts[ident_of(one)]
            answer = self.outcomes[first]
            if answer and self.raws[first] == self.raws[place]:
                is_news = answer.status in (ACCEPTED, REPLACED)
                self.outcomes[place] = Outcome(answer.id, DUPLICATE) if is_news else answer
                del self.opened[place]

    def meet_known(self) -> None:
        """Answer for events taken before, so that no more work is done for them."""
        known = self._known([*self.waiting.values(), *self.retractions.values()])
        self.replaced = {}
        for place, one in list(self.waiting.items()):
            if kept := known.get(ident_of(one)):
                self._meet(place, one, kept)
        for place, gone in self.retractions.items():
            self.outcomes[place] = Outcome(gone.id, RETRACTED)
            if kept := known.get(ident_of(gone)):
                self.replaced[place] = kept

    def _known(self, ones: Sequence[Envelope | Retraction]) -> dict[Ident, Event]:
        idents = {ident_of(one) for one in ones}
        rows = Event.objects.filter(
            sender=self.sender.name,
            key__in={key for _, key in idents},
            kind__in={kind for kind, _ in idents},
        ).order_by()
        return {ident: row for row in rows if (ident := (row.kind, row.key)) in idents}

    def _meet(self, place: int, one: Envelope, kept: Event) -> None:
        """The same again is a duplicate; something else a conflict, unless it is to replace."""
        other = difference(one, kept)
        if other and one.correction and (why_not := self._why_not_change(kept)):
            self.refuse(place, why_not)
        elif other and one.correction:
            self.replaced[place] = kept
            return
        elif other:
            self.outcomes[place] = _conflict(one, other)
        else:
            self.outcomes[place] = Outcome(one.id, DUPLICATE)
        del self.waiting[place]

    def _why_not_change(self, kept: Event) -> Refused | None:
        allowed = self.sender.course_ids
        return None if allowed is None or kept.course_id in allowed else NOT_ALLOWED

    def retract(self) -> None:
        """Take back what is to be taken back and may be."""
        gone: dict[int, Event] = {}
        for place in self.retractions:
            if kept := self.replaced.pop(place, None):
                why_not = self._why_not_change(kept)
                if kept.kind in KINDS and KINDS[kept.kind].about is About.COURSE:
                    why_not = NO_RETRACTION
                if why_not:
                    self.refuse(place, why_not)
                else:
                    gone[place] = kept
        if gone and not self._try(lambda: take_back(list(gone.values()), now=self.now)):
            for place in gone:
                self.refuse(place, FAILED)

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
        if not self._try(lambda: self._take(places)):
            self._take_apart(places)

    def _try(self, work: Callable[[], None]) -> bool:
        """Do this work or nothing of it; False where a handler failed."""
        try:
            with transaction.atomic():
                work()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("a handler failed in a batch of %d events", len(self.raws))
            return False
        return True

    def _take_apart(self, places: Sequence[int]) -> None:
        half = len(places) // 2
        if half:
            self.take(places[:half])
            self.take(places[half:])
        else:
            self.refuse(places[0], FAILED)

    def _take(self, places: Sequence[int]) -> None:
        """Keep these events and make their facts; those that lead nowhere are refused."""
        events = self._resolved(places)
        locks.share(event.course_id for event in events.values())
        replaced = [self.replaced[place] for place in events if place in self.replaced]
        if replaced:
            Event.objects.filter(pk__in=[event.pk for event in replaced]).delete()
        new = keep(list(events.values()))
        for place, event in events.items():
            if (event.kind, event.key) in new:
                status = REPLACED if place in self.replaced else ACCEPTED
                self.outcomes[place] = Outcome(event.key, status)
        self._meet_rivals([place for place in events if self.outcomes[place] is None])
        hand_over([event for event in events.values() if (event.kind, event.key) in new])
        if replaced:
            undo(replaced, now=self.now)

    def _resolved(self, places: Sequence[int]) -> dict[int, Event]:
        """Those of these events whose references lead somewhere; the others are refused.

        What was made for one that is refused is undone, and the others are resolved once more.
        """
        while True:
            with transaction.atomic():
                events = self._resolve(places)
                is_settled = len(events) == len(places) or not self.sender.makes
                transaction.set_rollback(not is_settled)
            if is_settled:
                return events
            places = list(events)

    def _resolve(self, places: Sequence[int]) -> dict[int, Event]:
        envelopes = [self.waiting[place] for place in places]
        references = References([one for one in envelopes if one.kind in KINDS], self.sender)
        events: dict[int, Event] = {}
        for place, envelope in zip(places, envelopes, strict=True):
            try:
                events[place] = self._event(envelope, references)
            except Refused as refused:
                self.refuse(place, refused)
        return events

    def _meet_rivals(self, places: Sequence[int]) -> None:
        """Answer for events that another batch has brought in meanwhile."""
        rivals = self._known([self.waiting[place] for place in places]) if places else {}
        for place in places:
            one = self.waiting[place]
            rival = rivals.get(ident_of(one))
            other = difference(one, rival) if rival else None
            self.outcomes[place] = _conflict(one, other) if other else Outcome(one.id, DUPLICATE)

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
            self.import_run,
        )
        # by position, which takes Django half as long as by name
        return Event(*row)

    def refuse(self, place: int, refused: Refused) -> None:
        key = rejections.key_of(self.raws[place])
        self.outcomes[place] = Outcome.of(key, refused)

    def refused(self) -> list[tuple[Any, Outcome]]:
        pairs = zip(self.raws, self.outcomes, strict=True)
        return [(raw, one) for raw, one in pairs if one and one.is_refused]

    def settle(self) -> None:
        """Close what was rejected before of events that are in now, or taken back."""
        pairs = zip(self.raws, self.outcomes, strict=True)
        settled = [raw for raw, one in pairs if one and one.status in SETTLED]
        idents = [(rejections.kind_of(raw), rejections.key_of(raw)) for raw in settled]
        rejections.settle(idents, self.sender, now=self.now)


SETTLED = (ACCEPTED, REPLACED, RETRACTED)
FAILED = Refused("failed", "It could not be processed; the fault is logged.")
NOT_ALLOWED = Refused(
    "unknown_course", "course: this sender may not change events of that course.", "course"
)
NO_RETRACTION = Refused(
    "not_allowed", "correction: a definition is not taken back; send another.", "correction"
)
# each takes a turn of its own
MOST_OF_ONE_ID = 10
# so many rows may make tables another size than the query planner knows
MANY = 1_000
SAME_ID = Refused(
    "same_id",
    f"id: a batch says at most {MOST_OF_ONE_ID} different things of one id; send this one later.",
    "id",
)


def ident_of(one: Envelope | Retraction) -> Ident:
    """What tells a sender's events apart."""
    return one.kind, one.id


def receive(
    raws: Sequence[Any],
    sender: Sender,
    *,
    now: datetime | None = None,
    keeps_rejected: bool = True,
    import_run: int | None = None,
) -> list[Outcome]:
    """Take a batch in one transaction; one outcome per event, in the batch's order.

    The same batch again changes nothing; something else under a kind and id that are kept is a
    conflict, unless it says that it is to replace the event kept. An event that a handler fails at
    is refused and takes no neighbor down. OperationalError when the database gave way to another
    writer: try again.
    """
    batch = Batch(raws, sender, now or timezone.now(), import_run)
    batch.open()
    with turn_to_write(), transaction.atomic():
        _receive(batch, keeps_rejected=keeps_rejected)
    return [outcome for outcome in batch.outcomes if outcome]


def _receive(batch: Batch, *, keeps_rejected: bool) -> None:
    with surrounded():
        batch.take_turns()
    batch.settle()
    if keeps_rejected:
        rejections.keep(batch.refused(), batch.sender, now=batch.now)
    if len(batch.raws) >= MANY:
        planner.follow(growth=2)


def _conflict(one: Envelope, other: Difference) -> Outcome:
    told = Refused("conflict", str(other), other.field)
    return replace(Outcome.of(one.id, told), status=CONFLICT)


def stage_of(envelope: Envelope) -> About:
    kind = KINDS.get(envelope.kind)
    return kind.about if kind else About.ENROLLMENT


EVENT_COLUMNS = tuple(one.attname for one in Event._meta.concrete_fields if not one.primary_key)
values_of = attrgetter(*EVENT_COLUMNS)


def keep(events: Sequence[Event]) -> set[Ident]:
    """Insert the events; returns which (kind and id) were not there, and sets their pk."""
    # two batches that insert in one order cannot wait for each other
    ordered = sorted(events, key=lambda event: (event.key, event.kind))
    rows = map(values_of, ordered)
    returning = ("kind", "key", "id")
    new = bulk.upsert(Event, EVENT_COLUMNS, rows, conflict="sender, key, kind", returning=returning)
    pks = {(str(kind), str(key)): int(pk) for kind, key, pk in new}
    for event in events:
        if (event.kind, event.key) in pks:
            event.pk = pks[event.kind, event.key]
    return set(pks)
