"""A batch of events from one sender, and the outcome of each event."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext_lazy

from core.changes import new_changes
from intake.events import learner_aliases
from intake.events.envelope import Envelope, EventIdentity, Retraction
from intake.events.kind_checks import Data, check_all_data
from intake.events.opening import open_events
from intake.events.rejections import EventRejected, storable
from intake.events.senders import Sender
from intake.models import Event

logger = logging.getLogger(__name__)

# CONFLICT: the event differs from the one stored under its id
ACCEPTED, DUPLICATE, REJECTED = "accepted", "duplicate", "rejected"
CONFLICT, REPLACED, RETRACTED = "conflict", "replaced", "retracted"
STATUSES = (ACCEPTED, DUPLICATE, REJECTED, CONFLICT, REPLACED, RETRACTED)

FAILED = EventRejected(
    "failed", gettext_lazy("The event could not be processed; the error was logged.")
)


class EventOutcome(NamedTuple):
    """What happened to one event.

    `problem` is the reason without its advice for senders by API; `is_format` is True when a
    value does not have the form that its field requires.
    """

    id: str
    status: str
    code: str = ""
    reason: str = ""
    field: str = ""
    problem: str = ""
    is_format: bool = False

    @classmethod
    def of(
        cls,
        id: str,  # noqa: A002 - the name in the API
        rejected: EventRejected,
        status: str = REJECTED,
    ) -> EventOutcome:
        problem = storable(str(rejected.reason)[:500])[:500]
        reason = f"{problem} {rejected.advice}"[:500] if rejected.advice else problem
        return cls(id, status, rejected.code, reason, rejected.field, problem, rejected.is_format)

    @property
    def answer(self) -> dict[str, str]:
        """The outcome as the API answers it: with a reason only if the event was not accepted."""
        answer = {"id": self.id, "status": self.status}
        if self.is_rejected:
            answer |= {"code": self.code, "reason": self.reason}
            answer |= {"field": self.field} if self.field else {}
        return answer

    @property
    def is_rejected(self) -> bool:
        """True when the event was not accepted, for whatever reason."""
        return self.status in (REJECTED, CONFLICT)


class Batch:
    """The events of one call, by their index in it.

    Events with the same kind and id are processed in several passes, one per pass, so that each
    meets the result of those before it.
    """

    def __init__(
        self,
        payloads: Sequence[Any],
        sender: Sender,
        *,
        now: datetime,
        received_at: datetime,
        import_run: int | None,
    ) -> None:
        self.payloads = payloads
        self.sender = sender
        self.changes = new_changes()
        self.now = now
        self.received_at = received_at
        self.import_run = import_run
        self.outcomes: list[EventOutcome | None] = [None] * len(payloads)
        # all well-formed events, and those of later passes
        self.opened: dict[int, Envelope | Retraction] = {}
        self.queued: dict[int, Envelope | Retraction] = {}
        # the learner as sent, of events sent under an alias
        self.sent_learners: dict[int, str] = {}
        # their data as their kinds store them, or what is wrong with them
        self.checked: dict[int, Data | EventRejected] = {}
        # those of the current pass, and the stored events that they replace or retract
        self.pending: dict[int, Envelope] = {}
        self.retractions: dict[int, Retraction] = {}
        self.replaced: dict[int, Event] = {}

    def open(self) -> None:
        """Check every event; queue those that are well-formed."""
        for index, opened in enumerate(open_events(self.payloads, now=self.now)):
            if isinstance(opened, EventRejected):
                self.reject(index, opened)
            else:
                self.opened[index] = opened
        self.checked = check_all_data(
            {index: one for index, one in self.opened.items() if isinstance(one, Envelope)}
        )
        self.queued = dict(self.opened)

    def name_learners(self) -> None:
        """Replace the aliases of learners by the keys of the learners themselves."""
        sent = [
            (index, one, one.learner)
            for index, one in self.opened.items()
            if isinstance(one, Envelope) and one.learner
        ]
        keys = learner_aliases.resolve({key for _, _, key in sent})
        for index, one, key in sent if keys else ():
            if key in keys:
                self.sent_learners[index] = key
                one.learner = keys[key]

    def begin_pass(self) -> dict[EventIdentity, int]:
        """Move the first event of each identity out of the queue; return their indexes."""
        firsts: dict[EventIdentity, int] = {}
        for index, item in self.queued.items():
            firsts.setdefault(item.identity, index)
        self.pending, self.retractions, self.replaced = {}, {}, {}
        for index in firsts.values():
            item = self.queued.pop(index)
            if isinstance(item, Retraction):
                self.retractions[index] = item
            else:
                self.pending[index] = item
        return firsts

    def reject(self, index: int, rejected: EventRejected) -> None:
        self.outcomes[index] = EventOutcome.of(key_of(self.payloads[index]), rejected)

    def try_to(self, work: Callable[[], None]) -> bool:
        """Run work in a savepoint; return False, with everything undone, if it fails."""
        try:
            with self.changes.savepoint(), transaction.atomic():
                work()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("a handler failed in a batch of %d events", len(self.payloads))
            return False
        return True

    @property
    def rejected(self) -> list[tuple[Any, EventOutcome]]:
        pairs = zip(self.payloads, self.outcomes, strict=True)
        return [(payload, outcome) for payload, outcome in pairs if outcome and outcome.is_rejected]

    @property
    def settled(self) -> list[EventIdentity]:
        """The events that are stored or retracted now; earlier rejections of them are resolved."""
        return [
            item.identity
            for index, item in self.opened.items()
            if (outcome := self.outcomes[index])
            and outcome.status in (ACCEPTED, REPLACED, RETRACTED)
        ]


def key_of(payload: Any) -> str:
    """Return the id of a raw event; empty if it has none."""
    return _string_field(payload, "id")[:200]


def kind_of(payload: Any) -> str:
    return _string_field(payload, "kind")[:100]


def _string_field(payload: Any, name: str) -> str:
    value = payload.get(name, "") if isinstance(payload, dict) else ""
    return storable(value[:200]) if isinstance(value, str) else ""
