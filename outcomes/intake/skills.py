from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext
from pydantic import Field

from intake.event_batch import EventBatch
from intake.event_kinds import Data, handles, resets_enrollments
from outcomes.facts import skills

resets_enrollments(skills.reset_enrollments)


class Assessed(Data):
    """`object` contains the key of the skill, `value` the score from 0 to 1."""

    stage: Annotated[
        Literal["pre", "post"],
        Field(description="“pre”: before the course, used only for the gain. Otherwise “post”."),
    ] = "post"


def _check_score(value: float | None, data: Assessed, at: datetime) -> tuple[str, str] | None:
    if value is None or 0 <= value <= 1:
        return None
    reason = gettext("the score %(score)s is not between 0 and 1.")
    return "value", reason % {"score": f"{value:.15g}"}


@handles(
    "skill.assessed",
    data=Assessed,
    needs_object=True,
    needs_value=True,
    check=_check_score,
    find_objects=skills.known,
)
def skill_assessed(batch: EventBatch) -> None:
    """A skill (`object`) of the learner was assessed with a score (`value`) from 0 to 1."""
    skills.record_assessments(batch)
    batch.changes.update_freshness("outcome", batch.events)
