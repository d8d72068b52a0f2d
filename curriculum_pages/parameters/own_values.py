"""The scopes that have values of their own, and changes that are proposed or begin later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.reader import Reader
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from curriculum_pages.parameter_rows import (
    PEOPLE,
    SCOPES,
    is_in,
    is_visible,
    place_query,
    scope_name,
)
from curriculum_pages.place_filters import Place
from presentation import figures

Status = ParameterChange.Status


@dataclass(frozen=True)
class OwnValue:
    """A scope with a value of its own. `since` is empty for a value from the beginning."""

    row: Parameter
    change: ParameterChange | None

    @property
    def scope(self) -> str:
        return scope_name(self.row)

    @property
    def written(self) -> str:
        value = self.change.new_value if self.change else self.row.value
        return self.row.written(value)

    @property
    def since(self) -> str:
        return figures.moment(self.change.applies_from) if self.change else ""

    @property
    def url(self) -> str:
        return reverse("curriculum_pages:parameter", args=[self.row.key]) + place_query(self.row)


@dataclass(frozen=True)
class OpenChange:
    """A proposal, or a decided change whose value does not apply yet."""

    change: ParameterChange

    @property
    def is_proposal(self) -> bool:
        return self.change.status == Status.PROPOSED

    @property
    def row(self) -> Parameter:
        return self.change.parameter

    @property
    def scope(self) -> str:
        return scope_name(self.row)

    @property
    def written(self) -> str:
        return self.row.written(self.change.new_value)

    @property
    def applies_from(self) -> str:
        return figures.moment(self.change.applies_from)

    @property
    def url(self) -> str:
        return reverse("curriculum_pages:parameter", args=[self.row.key]) + place_query(self.row)


def own_values(key: str, reader: Reader, now: datetime) -> list[OwnValue]:
    """Return the scopes that have a value of their own, the whole site first, in two queries."""
    rows = list(
        Parameter.objects.filter(is_visible(reader), key=key)
        .select_related(*SCOPES)
        .order_by("course__title", "run__course__title", "module__course__title", "module", "run")
    )
    changes: Mapping[int, list[ParameterChange]] = defaultdict(list)
    for change in ParameterChange.objects.filter(parameter__in=rows).in_effective_order():
        changes[change.parameter_id].append(change)
    having = [row for row in rows if _has_value(row, changes[row.pk], now)]
    found = [OwnValue(row, _begun(changes[row.pk], now)) for row in having]
    return sorted(found, key=lambda one: not one.row.is_site_wide)


def _has_value(row: Parameter, changes: Sequence[ParameterChange], now: datetime) -> bool:
    return parameters.own_value(row, changes, now) is not None


def _begun(changes: Sequence[ParameterChange], now: datetime) -> ParameterChange | None:
    begun = [one for one in changes if one.applies_from <= now]
    return begun[-1] if begun else None


def open_changes(
    reader: Reader, place: Place, now: datetime, *, keys: Collection[str] | None = None
) -> dict[str, list[OpenChange]]:
    """Return proposals and planned changes in a place by key, the earliest first; one query."""
    is_open = Q(status=Status.PROPOSED) | Q(status=Status.APPLIED, effective_from__gt=now)
    changes = changes_for(reader, place).filter(is_open)
    if keys is not None:
        changes = changes.filter(parameter__key__in=keys)
    found: dict[str, list[OpenChange]] = defaultdict(list)
    for change in changes.order_by("proposed_at", "pk"):
        found[change.parameter.key].append(OpenChange(change))
    return found


def changes_for(reader: Reader, place: Place) -> QuerySet[ParameterChange, Any]:
    """Return the changes that a reader may see and that concern a place."""
    related = (*PEOPLE, *(f"parameter__{one}" for one in SCOPES))
    return ParameterChange.objects.filter(
        is_visible(reader, "parameter__"), is_in(place, "parameter__")
    ).select_related(*related)
