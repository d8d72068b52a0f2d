"""Whether an event that comes says what the event kept under its id said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from intake.event_kinds import KINDS, EventSubject
from intake.events.envelope import Envelope, EventRejected, check_data, shown_value
from intake.models import Event

# a field of the envelope and the column that keeps it
FIELDS = (
    *(("occurred_at", "occurred_at"), ("learner", "learner"), ("course", "course_key")),
    *(("run", "run_key"), ("module", "module_key"), ("object", "object"), ("value", "value")),
)


@dataclass(frozen=True)
class FieldDifference:
    """The first field in which two events of one id differ, as it was and as it is now."""

    field: str
    before: Any
    now: Any

    def __str__(self) -> str:
        return (
            f"{self.field}: the event of this kind and id said {shown_value(self.before)} "
            f"and now says {shown_value(self.now)}; "
            "to replace it, send it with “correction”: “replace”."
        )


def first_difference(one: Envelope, kept: Event) -> FieldDifference | None:
    """Where an event and the one kept under its id differ; None where they say the same."""
    for name, column in FIELDS:
        before, now = getattr(kept, column), getattr(one, name)
        if (before or now) and before != now and not _is_left_out(name, one):
            return FieldDifference(name, before or None, now)
        if name == "value" and (before is None) != (now is None):
            return FieldDifference(name, before, now)
    return None if one.data == kept.data else _difference_of_data(_checked(one), kept.data)


def _is_left_out(name: str, one: Envelope) -> bool:
    """True of a run that a sign-up leaves to us: we have kept the one that was entered."""
    is_sign_up = one.kind in KINDS and KINDS[one.kind].about is EventSubject.SIGN_UP
    return name == "run" and one.run is None and is_sign_up


def _checked(one: Envelope) -> dict[str, Any]:
    """The data as they would be kept; as they came where they are not what the kind asks for."""
    try:
        return check_data(one) if one.kind in KINDS else one.data
    except EventRejected:
        return one.data


def _difference_of_data(now: dict[str, Any], before: dict[str, Any]) -> FieldDifference | None:
    for name in sorted(now.keys() | before.keys()):
        if now.get(name) != before.get(name):
            return FieldDifference(f"data.{name}", before.get(name), now.get(name))
    return None
