"""The data of engagement's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from django.utils.translation import gettext_noop as _
from pydantic import Field, model_validator

from engagement.models import LearningObject
from intake.event_kinds import Data

Key = Annotated[str, Field(min_length=1, max_length=100)]
ObjectKey = Annotated[str, Field(min_length=1, max_length=200)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
LONGEST_VIDEO = 7 * 24 * 3600
Duration = Annotated[float, Field(gt=0, le=LONGEST_VIDEO)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_VIDEO)]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0, le=3_660)]


def _check_unique(keys: Iterable[object]) -> None:
    """Raise ValueError when a key is listed twice."""
    for key, times in Counter(keys).items():
        if times > 1:
            raise ValueError(f"{key} is listed twice")


class ObjectDefinition(Data):
    key: ObjectKey
    kind: LearningObject.Kind
    title: Title | None = None
    duration: Annotated[Duration, Field(description="Length of a video in seconds.")] | None = None
    pass_mark: Annotated[float, Field(ge=0, le=1)] | None = None


class ModuleDefinition(Data):
    key: Key
    title: Title
    required: bool | None = None
    planned_days: Days | None = None
    effort_minutes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    objects: Annotated[list[ObjectDefinition], Field(max_length=1_000)] = Field(
        default_factory=list
    )


class RunDefinition(Data):
    key: Key
    title: Title | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    @model_validator(mode="after")
    def _forwards(self) -> RunDefinition:
        if self.starts_on and self.ends_on and self.ends_on <= self.starts_on:
            raise ValueError(f"run {self.key} ends before it starts")
        return self


class CourseDefinition(Data):
    """A course as it is now. Fields that are left out keep their values."""

    title: Title | None = None
    nominal_days: Annotated[Days, Field(gt=0)] | None = None
    modules: Annotated[list[ModuleDefinition], Field(max_length=1_000)] = Field(
        default_factory=list
    )
    runs: Annotated[list[RunDefinition], Field(max_length=1_000)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> CourseDefinition:
        _check_unique(one.key for one in self.modules)
        _check_unique(one.key for one in self.runs)
        _check_unique(f"{one.kind} {one.key}" for module in self.modules for one in module.objects)
        return self


class SignUpData(Data):
    """How the learner came to the course, and with which goal."""

    track: Annotated[
        Literal["certificate", "audit"] | None,
        Field(description=_("`certificate` or `audit`; the default is `audit`.")),
    ] = None
    referral_code: Annotated[
        str | None,
        Field(max_length=40, description=_("Referral code of the learner who invited this one.")),
    ] = None


class WatchedData(Data):
    """What was played since the last report."""

    segments: Annotated[
        list[tuple[Seconds, Seconds]],
        Field(
            min_length=1,
            max_length=1_000,
            description=_("Played segments: [[from, to], …] in seconds."),
        ),
    ]
    duration: (
        Annotated[Seconds, Field(gt=0, description=_("Length of the video in seconds."))] | None
    ) = None

    @model_validator(mode="after")
    def _forwards(self) -> WatchedData:
        for begin, end in self.segments:
            if end < begin:
                raise ValueError(f"segment [{begin:.15g}, {end:.15g}] ends before it begins")
        return self


class PlayerData(Data):
    """The player's position, in seconds from the start of the video, is sent as `value`."""

    duration: (
        Annotated[Seconds, Field(gt=0, description=_("Length of the video in seconds."))] | None
    ) = None


class ItemData(Data):
    """One question of a graded attempt."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    score: Annotated[Share, Field(description=_("Scaled to 0–1; 1 is correct."))]


class GradeData(Data):
    """The score is sent as `value`."""

    attempt: Annotated[
        int, Field(ge=1, le=2**31 - 1, description=_("Number of the attempt, from 1."))
    ] = 1
    max: Annotated[
        float, Field(gt=0, le=1e9, description=_("Maximum score that `value` is out of."))
    ] = 1
    items: Annotated[
        list[ItemData], Field(max_length=1_000, description=_("Scores of the single questions."))
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> GradeData:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("each item may be listed only once")
        return self
