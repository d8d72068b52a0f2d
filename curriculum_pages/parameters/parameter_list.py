"""The page of all parameters: two families, with the values that apply in the chosen place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from curriculum.models import Parameter
from curriculum_pages.parameters.values_in_place import ValueInPlace, values_in
from curriculum_pages.place_filters import PlaceFilters


@dataclass
class ParameterList:
    filters: PlaceFilters
    now: datetime

    @cached_property
    def values(self) -> list[ValueInPlace]:
        return values_in(self.filters.place, self.now)

    @property
    def curriculum(self) -> list[ValueInPlace]:
        return self._family(Parameter.Role.CURRICULUM)

    @property
    def measurement(self) -> list[ValueInPlace]:
        return self._family(Parameter.Role.MEASUREMENT)

    def _family(self, role: Parameter.Role) -> list[ValueInPlace]:
        return [one for one in self.values if one.definition.role == role]
