"""The page of one parameter: its value in a place, where values differ, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from accounts.reader import Reader
from curriculum.models import ParameterChange
from curriculum.parameters import ParameterDefinition
from curriculum_pages.adjustments.cards import AdjustmentCard
from curriculum_pages.adjustments.of_parameters import last_effects, of_changes
from curriculum_pages.parameters import own_values, typed_values
from curriculum_pages.parameters.forms import MAY_CHANGE, RevertForm, SetValueForm
from curriculum_pages.parameters.history import HistoryEntry
from curriculum_pages.parameters.own_values import OpenChange, OwnValue
from curriculum_pages.parameters.propose_form import MAY_PROPOSE, ProposeForm
from curriculum_pages.parameters.shipped import experiments_of
from curriculum_pages.parameters.values_in_place import ValueInPlace, values_in
from curriculum_pages.place_filters import PlaceFilters
from experiments.models import Experiment
from kpis.query.query_service import KpiQueryService

PAGE_SIZE = 25


@dataclass
class ParameterPage:
    """`sent` is a form that was submitted and not valid; the page shows it with its errors."""

    definition: ParameterDefinition
    filters: PlaceFilters
    service: KpiQueryService
    user: User
    page_number: str = ""
    sent: SetValueForm | RevertForm | ProposeForm | None = None

    @property
    def reader(self) -> Reader:
        return self.service.reader

    @property
    def now(self) -> datetime:
        return self.service.now

    @cached_property
    def value(self) -> ValueInPlace:
        return values_in([self.definition], self.filters.place, self.now)[0]

    @cached_property
    def own_values(self) -> list[OwnValue]:
        return own_values.own_values(self.definition.key, self.reader, self.now)

    @cached_property
    def open_changes(self) -> Sequence[OpenChange]:
        key = self.definition.key
        found = own_values.open_changes(self.reader, self.filters.place, self.now, keys=[key])
        return found.get(key, ())

    @property
    def role(self) -> str:
        return str(self.definition.role.label)

    @property
    def applies_to(self) -> str:
        """Who gets a new value; figures follow their own rule, which `redefines` states."""
        return str(self.definition.applies_to.label) if self.definition.is_adjustable else ""

    @property
    def range(self) -> str:
        return typed_values.range_text(self.definition)

    @property
    def may_change(self) -> bool:
        return self.user.has_perm(MAY_CHANGE)

    @property
    def form(self) -> SetValueForm | None:
        """The form for the chosen place; None for whoever may not change it, and elsewhere."""
        if not self.may_change or not self.can_be_set_here:
            return None
        if isinstance(self.sent, SetValueForm):
            return self.sent
        return set_value_form(self, None)

    @property
    def may_propose(self) -> bool:
        return self.definition.is_adjustable and self.user.has_perm(MAY_PROPOSE)

    @property
    def propose_form(self) -> ProposeForm | None:
        if not self.may_propose or not self.can_be_set_here:
            return None
        return self.sent if isinstance(self.sent, ProposeForm) else propose_form(self, None)

    @property
    def can_be_set_here(self) -> bool:
        return can_be_set(self.definition, self.filters)

    @property
    def settable_scopes(self) -> str:
        """Where the parameter may have values of its own, in words."""
        names = {
            "course": gettext("courses"),
            "run": gettext("course runs"),
            "module": gettext("modules"),
        }
        site = [gettext("the whole site")] if self.definition.is_site_wide else []
        return ", ".join([*site, *(names[one] for one in self.definition.scopes)])

    @property
    def replaced_proposal(self) -> OpenChange | None:
        """The proposal that setting a value here rejects."""
        for one in self.open_changes:
            is_here = one.row.scope_ids == own_scope_ids(self.filters)
            if one.is_proposal and is_here:
                return one
        return None

    @cached_property
    def history_page(self) -> Page[Any]:
        changes = own_values.changes_for(self.reader, self.filters.place)
        ordered = changes.filter(parameter__key=self.definition.key).order_by("-proposed_at", "-pk")
        return Paginator(ordered, PAGE_SIZE).get_page(self.page_number)

    @cached_property
    def last_effect(self) -> AdjustmentCard | None:
        """The effect that was measured last for this parameter in the chosen place."""
        return last_effects(self.service, self.filters.place).get(self.definition.key)

    @property
    def history(self) -> list[HistoryEntry]:
        changes = list(self.history_page)
        found = of_changes(self.service, changes)
        shipped = experiments_of(self.reader, changes)
        return [self._entry(one, found.get(one.pk), shipped.get(one.pk)) for one in changes]

    def _entry(
        self,
        change: ParameterChange,
        adjustment: AdjustmentCard | None,
        experiment: Experiment | None,
    ) -> HistoryEntry:
        return HistoryEntry(
            change,
            self._revert_form(change, adjustment),
            adjustment,
            self.reader.sees_every_course,
            experiment,
        )

    def _revert_form(
        self, change: ParameterChange, adjustment: AdjustmentCard | None
    ) -> RevertForm | None:
        """None for a change that is watched: whoever reverts it decides on its adjustment."""
        if adjustment and adjustment.is_open:
            return None
        if not self.may_change or change.status != ParameterChange.Status.APPLIED:
            return None
        if isinstance(self.sent, RevertForm) and self.sent.change.pk == change.pk:
            return self.sent
        return RevertForm(change=change, user=self.user)

    @property
    def url(self) -> str:
        path = reverse("curriculum_pages:parameter", args=[self.definition.key])
        return path + self.filters.query_string

    @property
    def filter_query(self) -> str:
        query = self.filters.query_string.removeprefix("?")
        return f"{query}&" if query else ""


def own_scope_ids(filters: PlaceFilters) -> tuple[int | None, int | None, int | None]:
    return next(iter(filters.place.scope.inherited_from()))


def can_be_set(definition: ParameterDefinition, filters: PlaceFilters) -> bool:
    if filters.errors or definition.is_retired:
        return False
    ids = own_scope_ids(filters)
    if not any(ids) and not definition.is_site_wide:
        return False
    kinds = [kind for kind, pk in zip(("course", "run", "module"), ids, strict=True) if pk]
    return all(kind in definition.scopes for kind in kinds)


def propose_form(page: ParameterPage, data: Any) -> ProposeForm:
    return ProposeForm(
        data,
        definition=page.definition,
        place=page.filters.place,
        user=page.user,
        now=page.now,
    )


def set_value_form(page: ParameterPage, data: Any) -> SetValueForm:
    return SetValueForm(
        data,
        definition=page.definition,
        place=page.filters.place,
        user=page.user,
        now=page.now,
        value=page.value.value,
    )
