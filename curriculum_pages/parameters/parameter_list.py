"""The page of all parameters: two families, with the values that apply in the chosen place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from curriculum.models import Parameter
from curriculum.parameters import load_all
from curriculum_pages.adjustments.cards import AdjustmentCard
from curriculum_pages.adjustments.of_parameters import last_effects
from curriculum_pages.parameters.own_values import OpenChange, open_changes
from curriculum_pages.parameters.values_in_place import ValueInPlace, values_in
from curriculum_pages.place_filters import PlaceFilters
from kpis.query.query_service import KpiQueryService

MOST_OPEN_CHANGES = 3


@dataclass(frozen=True)
class Row:
    value: ValueInPlace
    open_changes: Sequence[OpenChange]
    last_effect: AdjustmentCard | None = None

    @property
    def shown_changes(self) -> Sequence[OpenChange]:
        return self.open_changes[:MOST_OPEN_CHANGES]

    @property
    def more_changes(self) -> int:
        return len(self.open_changes) - len(self.shown_changes)


@dataclass
class ParameterList:
    filters: PlaceFilters
    service: KpiQueryService

    @cached_property
    def values(self) -> list[ValueInPlace]:
        return values_in(load_all().values(), self.filters.place, self.service.now)

    @cached_property
    def open_changes(self) -> Mapping[str, Sequence[OpenChange]]:
        reader, now = self.service.reader, self.service.now
        return open_changes(reader, self.filters.place, now)

    @cached_property
    def last_effects(self) -> Mapping[str, AdjustmentCard]:
        return last_effects(self.service, self.filters.place)

    @property
    def proposals(self) -> int:
        changes = (one for some in self.open_changes.values() for one in some)
        return sum(one.is_proposal for one in changes)

    @property
    def curriculum(self) -> list[Row]:
        return self._family(Parameter.Role.CURRICULUM)

    @property
    def measurement(self) -> list[Row]:
        return self._family(Parameter.Role.MEASUREMENT)

    def _family(self, role: Parameter.Role) -> list[Row]:
        return [
            Row(one, self.open_changes.get(one.key, ()), self.last_effects.get(one.key))
            for one in self.values
            if one.definition.role == role
        ]
