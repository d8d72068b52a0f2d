"""The page of one parameter: its value in a place, where values differ, and its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from accounts.reader import Reader
from curriculum import parameters
from curriculum.models import ParameterChange
from curriculum.parameters import ParameterDefinition
from curriculum_pages.parameters.values_in_place import (
    PEOPLE,
    SCOPES,
    ValueInPlace,
    scope_name,
    values_in,
)
from curriculum_pages.place_filters import PlaceFilters
from presentation import figures


@dataclass(frozen=True)
class HistoryEntry:
    change: ParameterChange

    @property
    def scope(self) -> str:
        return scope_name(self.change.parameter)

    @property
    def old(self) -> str:
        return parameters.written(self.change.old_value)

    @property
    def new(self) -> str:
        return parameters.written(self.change.new_value)

    @property
    def by(self) -> str:
        person = self.change.decided_by or self.change.proposed_by
        return str(person) if person else ""

    @property
    def at(self) -> str:
        return figures.moment(self.change.decided_at or self.change.proposed_at)

    @property
    def applies_from(self) -> str:
        """From when the value applies; empty for a proposal and a rejected one."""
        is_effective = self.change.status in ParameterChange.EFFECTIVE
        return figures.moment(self.change.applies_from) if is_effective else ""


@dataclass
class ParameterPage:
    definition: ParameterDefinition
    filters: PlaceFilters
    reader: Reader
    now: datetime

    @cached_property
    def value(self) -> ValueInPlace:
        return values_in(self.filters.place, self.now, [self.definition.key])[0]

    @property
    def history(self) -> list[HistoryEntry]:
        changes = visible_changes(self.reader).filter(parameter__key=self.definition.key)
        return [HistoryEntry(one) for one in changes]


def visible_changes(reader: Reader) -> QuerySet[ParameterChange]:
    """Return changes of site-wide values, which every course inherits, and of the own courses."""
    rows = ParameterChange.objects.select_related(*PEOPLE, *(f"parameter__{s}" for s in SCOPES))
    if reader.sees_every_course:
        return rows
    of_courses = Q()
    for path in ("course", "run__course", "module__course"):
        of_courses |= Q(**{f"parameter__{path}__in": reader.course_ids})
    site = Q(parameter__course=None, parameter__run=None, parameter__module=None)
    return rows.filter(site | of_courses)
