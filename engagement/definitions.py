"""The data of `course.defined` events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from engagement.models import LearningObject
from intake.event_kinds import Data

Key = Annotated[str, Field(min_length=1, max_length=100)]
ObjectKey = Annotated[str, Field(min_length=1, max_length=200)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(gt=0, le=7 * 24 * 3600)]
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
    duration: Annotated[Seconds, Field(description="Length of a video in seconds.")] | None = None
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
