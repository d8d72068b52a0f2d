"""The place that the filters of a page select: a course, a run or a module, or the whole site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from accounts.reader import Reader
from curriculum.models import Course, CourseRun, Module
from curriculum.parameters import ParameterScope
from presentation import filters
from presentation.filters import Field, Filters

NAMES = ("course", "run", "module")


@dataclass(frozen=True)
class Place:
    """A run or a module comes with its course."""

    course: Course | None = None
    run: CourseRun | None = None
    module: Module | None = None

    @property
    def scope(self) -> ParameterScope:
        return ParameterScope.of(course=self.course, run=self.run, module=self.module)

    @property
    def own(self) -> Course | CourseRun | Module | None:
        """The narrowest of them, which may have values of its own; None for the whole site."""
        return self.module or self.run or self.course

    @property
    def name(self) -> str:
        own = self.own
        if own is None:
            return gettext("Whole site")
        return str(own) if isinstance(own, Course) else f"{self.course}: {own}"


@dataclass(frozen=True)
class PlaceFilters:
    """The filters for course, run and module, with the errors of invalid ones."""

    filters: Filters

    @property
    def place(self) -> Place:
        query = self.filters.kpi_query
        return Place(course=query.course, run=query.run, module=query.module)

    @property
    def fields(self) -> list[Field]:
        return [one for one in self.filters.fields if one.name in NAMES]

    @property
    def errors(self) -> Mapping[str, Any]:
        return self.filters.errors

    @property
    def are_set(self) -> bool:
        return self.filters.are_set

    @property
    def query_string(self) -> str:
        return self.filters.query_string()


def read(data: Mapping[str, str], *, reader: Reader, now: datetime) -> PlaceFilters:
    given = {name: data[name] for name in NAMES if data.get(name)}
    return PlaceFilters(filters.read(given, reader=reader, now=now))
