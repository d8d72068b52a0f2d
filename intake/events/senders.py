"""The sender of events, and what it may write, create and define."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.models import ApiKey
from accounts.reader import Reader
from intake.event_kinds import KINDS
from intake.events.envelope import Envelope

# statements lead to events
SENDING = (ApiKey.Scope.EVENTS_WRITE, ApiKey.Scope.XAPI_WRITE)


@dataclass(frozen=True)
class Sender:
    """A system that sends events; ids are unique within `name`, and None allows all courses."""

    name: str
    creates_unknown: bool = False
    course_ids: frozenset[int] | None = None
    scopes: frozenset[str] = frozenset()
    # by which they came, for the counts of metrics
    door: str = field(default="product", compare=False)

    def may_write_to(self, course_id: int | None) -> bool:
        return self.course_ids is None or course_id in self.course_ids

    @property
    def may_create_rows(self) -> bool:
        """True when rows of some kind may be created on the fly."""
        defining = {kind.required_scope for kind in KINDS.values()} - {""}
        return self.creates_unknown or not defining.isdisjoint(self.scopes)

    def may_create_course_of(self, envelope: Envelope) -> bool:
        scope = KINDS[envelope.kind].required_scope
        defines = bool(scope) and scope in self.scopes
        return self.course_ids is None and (self.creates_unknown or defines)


def sender_of(key: ApiKey, *, door: str = "api") -> Sender:
    return Sender(
        key.name,
        creates_unknown=key.creates_unknown,
        course_ids=Reader.of(key).course_ids if key.is_limited else None,
        scopes=frozenset(key.scopes),
        door=door,
    )


def sender_named(name: str) -> Sender | None:
    """Return the sender with the current rights of its API key; None if it may no longer send."""
    key = ApiKey.objects.filter(name=name).first()
    return sender_of(key) if key and any(map(key.may, SENDING)) else None
