from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from intake.event_kinds import Data, handles, resets_course, resets_enrollments
from intake.models import Event
from kpis.recompute import stale_days
from outcomes.facts import skills

resets_course(skills.reset)
resets_enrollments(skills.reset_enrollments)


class Assessed(Data):
    """The skill's key goes in `object`, the score, 0 to 1, in `value`."""

    stage: Annotated[
        Literal["pre", "post"],
        Field(description="pre: before the course, for the gain alone; else post."),
    ] = "post"


def _share(value: float | None, data: Assessed, at: datetime) -> tuple[str, str] | None:
    if value is None or 0 <= value <= 1:
        return None
    return "value", f"a score is 0 to 1; {value:.15g} is not."


@handles(
    "skill.assessed",
    data=Assessed,
    needs_object=True,
    needs_value=True,
    check=_share,
    known=skills.known,
)
def skill_assessed(events: Sequence[Event]) -> None:
    """A skill of the learner (`object`) was assessed: `value` from 0 to 1."""
    skills.assess(events)
    stale_days.update_freshness("outcome", events)
