"""What becomes of one event."""

from __future__ import annotations

from dataclasses import dataclass

from intake.events.envelope import EventRejected

ACCEPTED, DUPLICATE, REJECTED = "accepted", "duplicate", "rejected"
# something else came under an id that is kept; and what was asked for explicitly
CONFLICT, REPLACED, RETRACTED = "conflict", "replaced", "retracted"
STATUSES = (ACCEPTED, DUPLICATE, REJECTED, CONFLICT, REPLACED, RETRACTED)


@dataclass(frozen=True)
class EventOutcome:
    """What became of one event of a batch, at the same place as the event."""

    id: str
    status: str
    code: str = ""
    reason: str = ""
    field: str = ""

    @classmethod
    def of(cls, id: str, rejected: EventRejected) -> EventOutcome:  # noqa: A002 - the sender's word
        return cls(id, REJECTED, rejected.code, rejected.reason, rejected.field)

    @property
    def is_rejected(self) -> bool:
        """True when the event was not taken, for whatever reason."""
        return self.status in (REJECTED, CONFLICT)

    def as_json(self) -> dict[str, str]:
        body = {"id": self.id, "status": self.status}
        if self.is_rejected:
            body |= {"code": self.code, "reason": self.reason}
            body |= {"field": self.field} if self.field else {}
        return body
