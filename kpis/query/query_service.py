"""Answer KPI queries: one KPI over periods, with its groups and components, for one reader."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError

from accounts.reader import Reader
from core.cacheable import keep_nothing
from core.database.outages import outage_of
from kpis import read_sums
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator, Part
from kpis.definitions.scopes import Scope
from kpis.disclosure import small_groups
from kpis.disclosure.reader_disclosure import ReaderDisclosure
from kpis.models import DateNote
from kpis.query.group_columns import GroupReader
from kpis.query.kpi_query import KpiQuery
from kpis.query.results import (
    GROUP_OBJECTS,
    GroupResult,
    KpiResult,
    MetricValue,
    group_sort_key,
)
from kpis.query.series_reader import SeriesReader, periods_of
from kpis.query.valuation import Valuation
from kpis.read_sums import FoundSums

logger = logging.getLogger(__name__)


def _is_empty(indicator: Indicator, value: MetricValue) -> bool:
    is_zero = indicator.is_total and value.is_shown and not value.sums.n
    return value.status == "no_data" or is_zero


class KpiQueryService:
    """Answers the queries of one reader at one moment, each of them once.

    A page needs the same values several times: in cards, in composites, in tables and findings.
    """

    def __init__(self, reader: Reader, now: datetime) -> None:
        self.reader = reader
        self.now = now
        self.valuation = Valuation(now)
        self.disclosure = ReaderDisclosure(reader, now)
        self._values: dict[Hashable, dict[Period, MetricValue]] = {}
        self._series = SeriesReader(now)
        self._readers: dict[tuple[Scope, Period], GroupReader] = {}
        self._values_of_groups: dict[Hashable, dict[Period, dict[int, MetricValue]]] = {}

    @cached_property
    def date_notes(self) -> Sequence[DateNote]:
        """All notes on dates that the reader may see; no page shows them all."""
        return list(DateNote.objects.visible_to(self.reader).select_related("course"))

    def check(self, scope: Scope) -> None:
        """Raise PermissionDenied for figures that the reader may not see, whoever asks for them."""
        if not self.reader.may_see_figures(scope.course_ids, scope.run_id):
            raise PermissionDenied

    def read_ahead(self, indicators: Iterable[Indicator], query: KpiQuery) -> None:
        """Read what is stored of several KPIs at once; `ask` would read them one by one."""
        self._series.read_ahead(indicators, query)

    def ask(self, indicator: Indicator, query: KpiQuery) -> KpiResult:
        """Answer a query; if the KPI cannot be computed, all its values have the status error."""
        try:
            return self._result(indicator, query)
        except (DatabaseError, ArithmeticError) as error:
            if outage_of(error):
                raise
            keep_nothing()
            logger.exception("%s could not be computed", indicator.key)
            return self._error_result(indicator, query)

    def _result(self, indicator: Indicator, query: KpiQuery) -> KpiResult:
        scope, periods, current, window = query.scope, query.periods, query.current, query.window
        read = periods_of(query)
        parts = self._part_values(indicator, scope, read)
        values = (
            self._combine_parts(indicator, scope, read, parts)
            if parts
            else self.metric_values(indicator, scope, read)
        )
        in_window = (
            self.metric_values(indicator, scope, [window], inside=periods)[window]
            if window
            else None
        )
        return KpiResult(
            indicator=indicator,
            query=query,
            series=[values[period] for period in periods],
            current=values[current],
            previous=values[current.previous],
            earlier=values[query.earlier],
            window=in_window,
            window_before=self._window_before(indicator, query),
            components=self._components(indicator, query, parts),
            groups=_grouped(query.by, self._groups(indicator, query)) if query.by else (),
        )

    def _window_before(self, indicator: Indicator, query: KpiQuery) -> MetricValue | None:
        if query.window_before is None:
            return None
        before, periods = query.window_before
        values = self.metric_values(indicator, query.scope, [before], inside=periods)
        return values[before]

    def _components(
        self,
        indicator: Indicator,
        query: KpiQuery,
        parts: Mapping[Part, Mapping[Period, MetricValue]],
    ) -> list[MetricValue]:
        """Return the components of a composite, or the KPI itself and its companions.

        Their values are for the window of the query if it has one, else for the current period.
        """
        scope, period = query.scope, query.window or query.current
        inside = query.periods if query.window else ()
        if query.window:
            parts = self._part_values(indicator, scope, [period], inside)
        shown_together = [indicator.key, *indicator.companions] if indicator.companions else []
        companions = [
            self.metric_values(REGISTRY[key], scope, [period], inside=inside)
            for key in shown_together
        ]
        return [values[period] for values in (*parts.values(), *companions)]

    def _error_result(self, indicator: Indicator, query: KpiQuery) -> KpiResult:
        def error(period: Period) -> MetricValue:
            target, other = self.valuation.targets(indicator, query.scope, period)
            return MetricValue(indicator, period, "error", target=target, other_target=other)

        return KpiResult(
            indicator=indicator,
            query=query,
            series=[error(period) for period in query.periods],
            current=error(query.current),
            previous=error(query.current.previous),
            earlier=error(query.earlier),
            window=error(query.window) if query.window else None,
        )

    def metric_values(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        *,
        inside: Sequence[Period] = (),
    ) -> dict[Period, MetricValue]:
        """Return the value in each period, with small groups suppressed.

        For a window, `inside` lists the periods it consists of: if one of them is suppressed, the
        window is too.
        """
        self.check(scope)
        key = (indicator.key, scope, tuple(periods), tuple(inside))
        if key not in self._values:
            self._values[key] = self._read_values(indicator, scope, periods, inside)
        return self._values[key]

    def _read_values(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        inside: Sequence[Period],
    ) -> dict[Period, MetricValue]:
        if indicator.parts:
            parts = self._part_values(indicator, scope, periods, inside)
            return self._combine_parts(indicator, scope, periods, parts)
        found = self._series.read(indicator, scope, periods)
        found = self.disclosure.held(indicator, scope, found)
        suppressed = self.disclosure.suppressed_periods(indicator, scope, periods, inside)
        values = {
            period: self._value(indicator, scope, period, found[period], period in suppressed)
            for period in periods
        }
        return values | self._pending_values(indicator, scope, values)

    def _value(
        self, indicator: Indicator, scope: Scope, period: Period, found: FoundSums, suppress: bool
    ) -> MetricValue:
        # a window of a KPI that does not add up may have fewer people than its periods
        is_small = not self.reader.sees_small_groups and small_groups.is_small(found.sums)
        if not suppress and not is_small:
            return self.valuation.value(indicator, scope, period, found)
        # not even when it was computed: that would tell when somebody of a small group learned
        return self.valuation.blank(indicator, scope, period, "suppressed")

    def _pending_values(
        self, indicator: Indicator, scope: Scope, values: Mapping[Period, MetricValue]
    ) -> dict[Period, MetricValue]:
        """Return those values without observations that are still to be computed from facts.

        A total without observations would otherwise be 0.
        """
        empty = [one for one, value in values.items() if _is_empty(indicator, value)]
        if not empty or not read_sums.is_stored(indicator, scope, empty):
            return {}
        starts = self.valuation.pending.starts(indicator, scope, empty)
        return {
            period: replace(
                values[period], status="pending", value=None, estimate=None, interval=None
            )
            for period in empty
            if period.first in starts
        }

    def _part_values(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        inside: Sequence[Period] = (),
    ) -> dict[Part, dict[Period, MetricValue]]:
        return {
            part: self.metric_values(REGISTRY[part.key], scope, periods, inside=inside)
            for part in indicator.parts
        }

    def _combine_parts(
        self,
        indicator: Indicator,
        scope: Scope,
        periods: Sequence[Period],
        parts: Mapping[Part, Mapping[Period, MetricValue]],
    ) -> dict[Period, MetricValue]:
        together = self._series.read(indicator, scope, periods)
        return {
            period: self.valuation.weighted_mean(
                indicator,
                scope,
                period,
                {part: values[period] for part, values in parts.items()},
                self.disclosure.cross_sums(period, together[period]),
            )
            for period in periods
        }

    def groups(self, indicator: Indicator, query: KpiQuery) -> list[GroupResult]:
        """Return the values of the groups, for the window of the query or its current period.

        The list is empty if they cannot be computed.
        """
        return _grouped(query.by or "course", self.values_by_group(indicator, query))

    def values_by_group(self, indicator: Indicator, query: KpiQuery) -> dict[int, MetricValue]:
        """Return the same as `groups` by the ids of the groups."""
        try:
            return self._groups(indicator, query)
        except (DatabaseError, ArithmeticError) as error:
            if outage_of(error):
                raise
            keep_nothing()
            logger.exception("%s could not be computed by %s", indicator.key, query.by)
            return {}

    def _groups(self, indicator: Indicator, query: KpiQuery) -> dict[int, MetricValue]:
        period = query.window or query.current
        inside = query.periods if query.window else [period]
        by = query.by or "course"
        return self.group_values(indicator, query.scope, by, {period: inside})[period]

    def group_values(
        self,
        indicator: Indicator,
        scope: Scope,
        by: str,
        periods: Mapping[Period, Sequence[Period]],
    ) -> dict[Period, dict[int, MetricValue]]:
        """Return the value of each group, by its id, in each period (all of one kind).

        Each period comes with the periods it consists of (itself, unless it is a window): a group
        that is suppressed in one of these is suppressed.
        """
        self.check(scope)
        made_of = tuple((period, tuple(inside)) for period, inside in periods.items())
        key = (indicator.key, scope, by, made_of)
        if key not in self._values_of_groups:
            self._values_of_groups[key] = self._read_groups(indicator, scope, by, periods)
        return self._values_of_groups[key]

    def group_reader(
        self, indicators: Sequence[Indicator], scope: Scope, period: Period
    ) -> GroupReader:
        """Return all courses in a period and the one before, and all modules, as columns."""
        self.check(scope)
        reader = self._readers.get((scope, period))
        if reader is None or not reader.has(indicators):
            reader = GroupReader(self.valuation, self.disclosure, indicators, scope, period)
            self._readers[scope, period] = reader
        return reader

    def _read_groups(
        self,
        indicator: Indicator,
        scope: Scope,
        by: str,
        periods: Mapping[Period, Sequence[Period]],
    ) -> dict[Period, dict[int, MetricValue]]:
        if indicator.parts:
            return self._combined_groups(indicator, scope, by, periods)
        scope_of = self.valuation.scope_of_group(scope, by)
        found = read_sums.groups(indicator, scope, list(periods), by, self.now)
        found = self.disclosure.held_groups(indicator, by, found, scope_of)
        values: dict[Period, dict[int, MetricValue]] = {}
        for period, inside in periods.items():
            suppressed = self.disclosure.suppressed_groups(indicator, scope, by, inside)
            values[period] = {
                key: self._value(indicator, scope_of(key), period, sums, key in suppressed)
                for key, sums in found[period].items()
            }
        return values

    def _combined_groups(
        self,
        indicator: Indicator,
        scope: Scope,
        by: str,
        periods: Mapping[Period, Sequence[Period]],
    ) -> dict[Period, dict[int, MetricValue]]:
        scope_of = self.valuation.scope_of_group(scope, by)
        parts = {
            part: self.group_values(REGISTRY[part.key], scope, by, periods)
            for part in indicator.parts
        }
        together = read_sums.groups(indicator, scope, list(periods), by, self.now)
        values: dict[Period, dict[int, MetricValue]] = {}
        for period in periods:
            groups_by_part = {part: by_period[period] for part, by_period in parts.items()}
            values[period] = {
                key: self.valuation.weighted_mean(
                    indicator,
                    scope_of(key),
                    period,
                    {part: groups[key] for part, groups in groups_by_part.items() if key in groups},
                    self.disclosure.cross_sums(period, together[period].get(key, FoundSums())),
                )
                for key in {key for groups in groups_by_part.values() for key in groups}
            }
        return values


def _grouped(by: str, values: Mapping[int, MetricValue]) -> list[GroupResult]:
    groups = sorted(GROUP_OBJECTS[by].in_bulk(list(values)).values(), key=group_sort_key)
    return [GroupResult(group, values[group.pk]) for group in groups]
