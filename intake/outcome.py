"""What becomes of one event."""

from __future__ import annotations

from dataclasses import dataclass

from intake.envelope import Refused

ACCEPTED, DUPLICATE, REJECTED = "accepted", "duplicate", "rejected"


@dataclass(frozen=True)
class Outcome:
    """What became of one event of a batch, at the same place as the event."""

    id: str
    status: str
    code: str = ""
    reason: str = ""
    field: str = ""

    @classmethod
    def of(cls, id: str, refused: Refused) -> Outcome:  # noqa: A002 - the sender's word
        return cls(id, REJECTED, refused.code, refused.reason, refused.field)

    def as_json(self) -> dict[str, str]:
        body = {"id": self.id, "status": self.status}
        if self.status == REJECTED:
            body |= {"code": self.code, "reason": self.reason}
            body |= {"field": self.field} if self.field else {}
        return body
