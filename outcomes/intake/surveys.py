from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from django.utils.translation import gettext
from pydantic import Field, model_validator

from core import reporting_clock
from intake.event_batch import EventBatch
from intake.event_kinds import Data, handles, resets_enrollments
from kpis.definitions.periods import local_day
from outcomes.facts import career, surveys

resets_enrollments(surveys.reset_enrollments)

Key = Annotated[str, Field(min_length=1, max_length=100)]
Impact = Literal["placement", "promotion", "project"]
Language = Annotated[
    str,
    Field(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$", examples=["en"]),
]


class SurveySent(Data):
    """The survey and its wave; unknown ones are created."""

    survey: Key
    wave: Key


class SurveyAnswered(SurveySent):
    """At least one of nps, csat, career and comment is required."""

    nps: Annotated[int, Field(ge=0, le=10, strict=True)] | None = None
    csat: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    career: (
        Annotated[list[Impact], Field(max_length=3, description="[]: asked, but none of these.")]
        | None
    ) = None
    career_on: (
        Annotated[date, Field(description="The day it happened. Default: the day of the answer.")]
        | None
    ) = None
    comment: Annotated[str, Field(max_length=10_000)] | None = None
    may_quote: bool = False
    quote_terms: (
        Annotated[str, Field(max_length=500, description="The words that the learner agreed to.")]
        | None
    ) = None
    language: Annotated[Language, Field(description="For example, en or pt-BR.")] | None = None

    @model_validator(mode="after")
    def _check_answers(self) -> SurveyAnswered:
        if self.nps is None and self.csat is None and self.career is None and not self.comment:
            raise ValueError("at least one of nps, csat, career and comment is required")
        if self.career_on and not self.career:
            raise ValueError("career_on requires at least one item in career")
        return self


def _check_career_on(
    value: float | None, data: SurveyAnswered, at: datetime
) -> tuple[str, str] | None:
    return _check_not_later("data.career_on", data.career_on, at)


def _check_not_later(field: str, day: date | None, at: datetime) -> tuple[str, str] | None:
    """Reject a day after the day of the report."""
    reported = local_day(at, reporting_clock.reporting_zone())
    if day is None or day <= reported:
        return None
    reason = gettext("the date %(day)s is after %(reported)s, the day of the report.")
    return field, reason % {"day": day, "reported": reported}


@handles("survey.sent", data=SurveySent)
def survey_sent(batch: EventBatch) -> None:
    """The learner was invited to the survey."""
    surveys.record_sent(batch)
    batch.changes.update_freshness("outcome", batch.events)


@handles("survey.answered", data=SurveyAnswered, check=_check_career_on)
def survey_answered(batch: EventBatch) -> None:
    """The learner answered the survey; the latest answer in a wave counts."""
    surveys.record_answers(batch)
    batch.changes.update_freshness("outcome", batch.events)


@handles("survey.dismissed", data=SurveySent)
def survey_dismissed(batch: EventBatch) -> None:
    """The learner dismissed the survey, which does not count as an answer."""
    surveys.record_dismissed(batch)
    batch.changes.update_freshness("outcome", batch.events)


class CareerReported(Data):
    """The effect of the course on the learner's career."""

    kind: Impact | Literal["none"]
    happened_on: Annotated[date, Field(description="Default: the day of the report.")] | None = None

    @model_validator(mode="after")
    def _check_day(self) -> CareerReported:
        if self.kind == "none" and self.happened_on:
            raise ValueError("happened_on is not allowed with the kind none")
        return self


def _check_happened_on(
    value: float | None, data: CareerReported, at: datetime
) -> tuple[str, str] | None:
    return _check_not_later("data.happened_on", data.happened_on, at)


@handles("career.reported", data=CareerReported, check=_check_happened_on)
def career_reported(batch: EventBatch) -> None:
    """The learner reported the effect of the course on their career, without a survey."""
    career.record_reports(batch)
    batch.changes.update_freshness("outcome", batch.events)
