"""The filters of the timeline: place, status and parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_lazy, pgettext

from accounts.reader import Reader
from core.lazy_text import LazyText
from curriculum.models import Parameter
from curriculum_pages import place_filters
from curriculum_pages.adjustments.cards import visible_to
from curriculum_pages.parameter_rows import is_in
from curriculum_pages.place_filters import Place, PlaceFilters
from improvement.models import Adjustment
from presentation.filters import Field

Status = Adjustment.Status
WAITING = "waiting"
NEEDS_DECISION = Q(status=Status.PROPOSED) | Q(
    Q(revert_proposed_at__isnull=False) | Q(effect_computed_at__isnull=False),
    status=Status.WATCHED,
)


@dataclass(frozen=True)
class TimelineFilters:
    """Filters the adjustments that a reader may see; an invalid one is reported and ignored."""

    given: Mapping[str, str]
    by_place: PlaceFilters
    reader: Reader

    @property
    def place(self) -> Place:
        return self.by_place.place

    @property
    def are_set(self) -> bool:
        return self.by_place.are_set or any(self.given.values())

    @cached_property
    def statuses(self) -> Sequence[tuple[str, LazyText]]:
        return [
            ("", pgettext("adjustments", "All")),
            (WAITING, gettext_lazy("To decide now")),
            *((one.value, one.label) for one in Status if one != Status.DECLINED),
        ]

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The names of the parameters that have adjustments, by key."""
        keys = visible_to(self.reader).order_by().values("parameter_key").distinct()
        rows = Parameter.objects.filter(key__in=keys).order_by("key")
        return {key: gettext(name) for key, name in rows.values_list("key", "name").distinct()}

    @cached_property
    def errors(self) -> dict[str, Sequence[str]]:
        found = dict(self.by_place.errors)
        for name, allowed in (("status", dict(self.statuses)), ("parameter", self.parameters)):
            if (value := self.given.get(name, "")) and value not in allowed:
                choices = ", ".join(one for one in allowed if one) or gettext("none")
                found[name] = [
                    gettext("Unknown value “%(value)s”. Allowed: %(choices)s.")
                    % {"value": value, "choices": choices}
                ]
        return found

    @property
    def fields(self) -> list[Field]:
        parameters = [("", gettext("All parameters")), *self.parameters.items()]
        return [
            self._field("status", gettext("Status"), self.statuses),
            self._field("parameter", gettext("Parameter"), parameters),
            *self.by_place.fields,
        ]

    def _field(self, name: str, label: str, options: Sequence[tuple[str, LazyText]]) -> Field:
        return Field(name, label, self.given.get(name, ""), options, self.errors.get(name, ()))

    def _valid(self, name: str) -> str:
        return "" if name in self.errors else self.given.get(name, "")

    def rows(self) -> QuerySet[Adjustment]:
        """Return the adjustments by course, the latest first within each."""
        rows = visible_to(self.reader).filter(is_in(self.place, "parameter__"))
        if parameter := self._valid("parameter"):
            rows = rows.filter(parameter_key=parameter)
        if status := self._valid("status"):
            rows = rows.filter(NEEDS_DECISION if status == WAITING else Q(status=status))
        return rows

    @property
    def query_string(self) -> str:
        chosen = {name: self._valid(name) for name in ("status", "parameter")}
        more = urlencode({name: value for name, value in chosen.items() if value})
        both = [one for one in (more, self.by_place.query_string.removeprefix("?")) if one]
        return f"?{'&'.join(both)}" if both else ""


def read(data: Mapping[str, str], *, reader: Reader, now: datetime) -> TimelineFilters:
    given = {name: data.get(name, "") for name in ("status", "parameter")}
    return TimelineFilters(given, place_filters.read(data, reader=reader, now=now), reader)
