"""What `course.defined` carries."""

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


def _twice(keys: Iterable[object]) -> None:
    """ValueError when something stands there twice."""
    for key, times in Counter(keys).items():
        if times > 1:
            raise ValueError(f"{key} stands there twice")


class DefinedObject(Data):
    key: ObjectKey
    kind: LearningObject.Kind
    title: Title | None = None
    duration: Annotated[Seconds, Field(description="Length of a video.")] | None = None
    pass_mark: Annotated[float, Field(ge=0, le=1)] | None = None


class DefinedModule(Data):
    key: Key
    title: Title
    required: bool | None = None
    planned_days: Days | None = None
    effort_minutes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    objects: Annotated[list[DefinedObject], Field(max_length=1_000)] = Field(default_factory=list)


class DefinedRun(Data):
    key: Key
    title: Title | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    @model_validator(mode="after")
    def _forwards(self) -> DefinedRun:
        if self.starts_on and self.ends_on and self.ends_on <= self.starts_on:
            raise ValueError(f"run {self.key} ends before it starts")
        return self


class Definition(Data):
    """A course as it is now: what is left out stays as it was."""

    title: Title | None = None
    nominal_days: Annotated[Days, Field(gt=0)] | None = None
    modules: Annotated[list[DefinedModule], Field(max_length=1_000)] = Field(default_factory=list)
    runs: Annotated[list[DefinedRun], Field(max_length=1_000)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> Definition:
        _twice(one.key for one in self.modules)
        _twice(one.key for one in self.runs)
        _twice(f"{one.kind} {one.key}" for module in self.modules for one in module.objects)
        return self
