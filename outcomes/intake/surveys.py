from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core import reporting_clock
from intake.event_kinds import Data, handles, resets_course, resets_enrollments
from intake.models import Event
from kpis.definitions.periods import local_day
from kpis.recompute import stale_days
from outcomes.facts import career, surveys

resets_course(surveys.reset)
resets_enrollments(surveys.reset_enrollments)

Key = Annotated[str, Field(min_length=1, max_length=100)]
Impact = Literal["placement", "promotion", "project"]
Language = Annotated[
    str,
    Field(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$", examples=["en"]),
]


class SurveySent(Data):
    """In which wave of which survey; unknown ones are made."""

    survey: Key
    wave: Key


class SurveyAnswered(SurveySent):
    """At least one of nps, csat, career and comment."""

    nps: Annotated[int, Field(ge=0, le=10, strict=True)] | None = None
    csat: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    career: (
        Annotated[list[Impact], Field(max_length=3, description="[]: asked, and none of these.")]
        | None
    ) = None
    career_on: Annotated[date, Field(description="When it happened; else today.")] | None = None
    comment: Annotated[str, Field(max_length=10_000)] | None = None
    may_quote: bool = False
    language: Annotated[Language, Field(description="Such as en or pt-BR.")] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> SurveyAnswered:
        if self.nps is None and self.csat is None and self.career is None and not self.comment:
            raise ValueError("an answer has nps, csat, career or comment")
        if self.career_on and not self.career:
            raise ValueError("career_on is the day of something in career")
        return self


def _career_on(value: float | None, data: SurveyAnswered, at: datetime) -> tuple[str, str] | None:
    return _no_later("data.career_on", data.career_on, at)


def _no_later(field: str, day: date | None, at: datetime) -> tuple[str, str] | None:
    """Nobody reports what is yet to happen."""
    reported = local_day(at, reporting_clock.reporting_zone())
    if day is None or day <= reported:
        return None
    return field, f"{day} is after {reported}, the day of the report."


@handles("survey.sent", data=SurveySent)
def survey_sent(events: Sequence[Event]) -> None:
    """The learner was asked."""
    surveys.send(events)
    stale_days.update_freshness("outcome", events)


@handles("survey.answered", data=SurveyAnswered, check=_career_on)
def survey_answered(events: Sequence[Event]) -> None:
    """The learner answered; of several answers in one wave the latest stands."""
    surveys.answer(events)
    stale_days.update_freshness("outcome", events)


@handles("survey.dismissed", data=SurveySent)
def survey_dismissed(events: Sequence[Event]) -> None:
    """The learner would rather not say. No answer, and in no denominator."""
    surveys.dismiss(events)
    stale_days.update_freshness("outcome", events)


class CareerReported(Data):
    """What came of the course at work."""

    kind: Impact | Literal["none"]
    happened_on: Annotated[date, Field(description="Else the day of the report.")] | None = None

    @model_validator(mode="after")
    def _nothing_has_no_day(self) -> CareerReported:
        if self.kind == "none" and self.happened_on:
            raise ValueError("happened_on is the day of a placement, promotion or project")
        return self


def _happened_on(value: float | None, data: CareerReported, at: datetime) -> tuple[str, str] | None:
    return _no_later("data.happened_on", data.happened_on, at)


@handles("career.reported", data=CareerReported, check=_happened_on)
def career_reported(events: Sequence[Event]) -> None:
    """The learner says what came of the course at work, without a survey."""
    career.report(events)
    stale_days.update_freshness("outcome", events)
