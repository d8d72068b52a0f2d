"""The value of each parameter in one place, and from where it is inherited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Prefetch
from django.utils.translation import gettext

from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from curriculum.parameters import ParameterDefinition
from curriculum_pages.parameter_rows import PEOPLE, SCOPES, SITE, chain_of, scope_name
from curriculum_pages.place_filters import Place
from presentation import figures


@dataclass(frozen=True)
class ValueInPlace:
    """`row` has the value, `change` set it; None for a default and for a first value.

    `value` is None where only modules have one, each from the structure of its course.
    """

    definition: ParameterDefinition
    place: Place
    value: Decimal | None
    row: Parameter | None = None
    change: ParameterChange | None = None

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def name(self) -> str:
        return gettext(self.definition.name)

    @property
    def help(self) -> str:
        return gettext(self.definition.help) if self.definition.help else ""

    @property
    def redefines(self) -> str:
        return gettext(self.definition.redefines) if self.definition.redefines else ""

    @property
    def written(self) -> str:
        return gettext("by module") if self.value is None else self.definition.written(self.value)

    @property
    def is_of_structure(self) -> bool:
        """True if the value is that of the course structure."""
        return self.row is None and bool(self.definition.structure_field)

    @property
    def since(self) -> str:
        """From when the value applies; empty for one that applies from the beginning."""
        return figures.moment(self.change.applies_from) if self.change else ""

    @property
    def is_own(self) -> bool:
        """True if the place itself has the value."""
        if self.is_of_structure:
            return True
        ids = self.row.scope_ids if self.row else SITE
        own = next(iter(self.place.scope.inherited_from()))
        return ids == own

    @property
    def origin(self) -> str:
        """The name of the scope that has the value."""
        if self.is_of_structure:
            return gettext("Course structure")
        return scope_name(self.row) if self.row else gettext("Whole site")


def values_in(
    definitions: Collection[ParameterDefinition], place: Place, now: datetime
) -> list[ValueInPlace]:
    """Return the value of each parameter, in two queries."""
    rows = {(row.key, row.scope_ids): row for row in _rows(place, [one.key for one in definitions])}
    return [_value(one, place, rows, now) for one in definitions]


def _rows(place: Place, keys: Sequence[str]) -> Iterable[Parameter]:
    changes = ParameterChange.objects.in_effective_order().select_related(*PEOPLE)
    return (
        Parameter.objects.filter(chain_of(place), key__in=keys)
        .order_by()
        .select_related(*SCOPES)
        .prefetch_related(Prefetch("changes", changes, to_attr="in_effective_order"))
    )


def _value(
    definition: ParameterDefinition,
    place: Place,
    rows: dict[tuple[str, tuple[int | None, int | None, int | None]], Parameter],
    now: datetime,
) -> ValueInPlace:
    for ids in place.scope.inherited_from():
        row = rows.get((definition.key, ids))
        if row is None:
            continue
        changes: Sequence[ParameterChange] = row.in_effective_order  # type: ignore[attr-defined]
        value = parameters.own_value(row, changes, now)
        if value is not None:
            begun = [one for one in changes if one.applies_from <= now]
            return ValueInPlace(definition, place, value, row, begun[-1] if begun else None)
    if definition.structure_field:
        value = getattr(place.module, definition.structure_field, None)
        return ValueInPlace(definition, place, None if value is None else Decimal(value))
    return ValueInPlace(definition, place, definition.default)
