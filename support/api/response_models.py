"""What the API says about the learners to help: their keys, and never a name or an address."""

from __future__ import annotations

from pydantic import Field

from core.api_models import ApiModel, one_of
from support.models import Standing
from support.reasons import NAMES, advice, reasons


class ReasonModel(ApiModel):
    reason: str = one_of(NAMES)
    sentence: str


class LearnerToHelp(ApiModel):
    learner: str = Field(description="Key of the learner.")
    course: str
    run: str
    week: int = Field(description="Week of the course, counted from 1 at the learner's start.")
    chance: float | None = Field(
        description="Chance of not finishing, from 0 to 1; null while rules rank the learners."
    )
    points: int = Field(description="Points of the rules, from 0 to 10.")
    reasons: list[ReasonModel]
    next_step: str = Field(description="What to do about the first reason; may be empty.")
    last_active_on: str | None = Field(description="Null without activity since the start.")
    overdue_days: int
    last_contact_on: str | None

    @classmethod
    def of(cls, row: Standing, last_contact_on: str | None, *, is_chance: bool) -> LearnerToHelp:
        run = row.enrollment.run
        return cls(
            learner=row.enrollment.learner.key,
            course=run.course.key,
            run=run.key,
            week=row.week + 1,
            chance=row.score if is_chance else None,
            points=row.points,
            reasons=[ReasonModel(reason=r.key, sentence=r.sentence) for r in reasons(row)],
            next_step=advice(row),
            last_active_on=row.last_active_on.isoformat() if row.last_active_on else None,
            overdue_days=row.overdue_days,
            last_contact_on=last_contact_on,
        )


class LearnersToHelp(ApiModel):
    count: int
    next: str | None
    previous: str | None
    as_of: str | None = Field(description="When the learners were ranked; null: not yet.")
    results: list[LearnerToHelp]
