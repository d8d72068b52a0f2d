"""The values of all courses and modules for many KPIs at once, as columns.

They are the values of `KpiQueryService.group_values`. The few that a page shows are made of the
same rows one by one, with everything that is needed to show them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core import reporting_clock
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator, Part
from kpis.definitions.scopes import Scope
from kpis.definitions.units import EXACT
from kpis.disclosure.reader_disclosure import ReaderDisclosure
from kpis.models import Target
from kpis.query import group_rows
from kpis.query.group_rows import SUMS, Ids, Rows, where
from kpis.query.results import MetricValue
from kpis.query.valuation import Valuation, scale_of
from kpis.read_sums import FoundSums, found_in
from kpis.recompute.stored_rows import COMPOSITES, MEASUREMENTS, Table, table_of
from kpis.statistics import columns
from kpis.statistics.columns import AnyColumns, Column, Ends, Mask, PartColumns, SumColumns
from kpis.statistics.estimates import SHARE

# the key of a KPI, the dimension, the period and the id of the course or module
Cell = tuple[str, str, Period, int]
# the id of no course: what applies to it applies to every course without values of its own
NO_COURSE = 0
NO_ROWS = Rows.of([], [], len(SUMS))


@dataclass(frozen=True)
class GroupColumns:
    """The groups of one KPI with data in one period, by rising id; missing numbers are NaN.

    `is_ok` where the value is final and the reader may see it. `shown`, `target` and `difference`
    are in display units.
    """

    ids: Ids
    courses: Ids
    sums: SumColumns
    value: Column
    shown: Column
    target: Column
    difference: Column
    is_ok: Mask
    is_hidden: Mask
    estimate: AnyColumns | None

    @cached_property
    def interval(self) -> Ends | None:
        return self.estimate.interval if self.estimate else None


class GroupReader:
    """Reads KPIs by course in a period and the one before, and by module in the first of them."""

    def __init__(
        self,
        valuation: Valuation,
        disclosure: ReaderDisclosure,
        indicators: Sequence[Indicator],
        scope: Scope,
        period: Period,
    ) -> None:
        self.valuation, self.disclosure, self.scope = valuation, disclosure, scope
        self._rows = group_rows.read(indicators, scope, period)
        self._keys = {one.key for one in indicators}
        self._columns: dict[group_rows.Key, GroupColumns] = {}

    def has(self, indicators: Iterable[Indicator]) -> bool:
        """Return whether it has read all of these."""
        return {one.key for one in indicators} <= self._keys

    def columns(self, indicator: Indicator, by: str, period: Period) -> GroupColumns:
        key = (indicator.key, by, period)
        if key not in self._columns:
            value = self._weighted if indicator.parts else self._measured
            with np.errstate(all="ignore"):
                self._columns[key] = value(indicator, by, period)
        return self._columns[key]

    def _measured(self, indicator: Indicator, by: str, period: Period) -> GroupColumns:
        rows = self._rows_of(indicator.key, by, period)
        sums = SumColumns(*rows.data.T)
        value = sums.total
        estimate: AnyColumns | None = None
        if not indicator.is_total:
            value = np.where(sums.weight != 0, sums.total / sums.weight, np.nan)
            scale = scale_of(indicator)
            estimate = columns.estimates(sums, scale) if scale else columns.mean_estimates(sums)
        is_hidden = self._is_suppressed(indicator, by, period, rows.ids)
        return self._valued(indicator, period, rows, sums, value, is_hidden, estimate)

    def _weighted(self, indicator: Indicator, by: str, period: Period) -> GroupColumns:
        """Without estimates, and so without tests, unless all components are shares."""
        of_parts = [self._rows_of(part.key, by, period) for part in indicator.parts]
        ids, at = np.unique(np.concatenate([one.ids for one in of_parts]), return_index=True)
        rows = Rows(ids, np.concatenate([one.courses for one in of_parts])[at], ids, NO_ROWS.data)
        parts = [
            self._part(part, one, rows, period)
            for part, one in zip(indicator.parts, of_parts, strict=True)
        ]
        sums = columns.weighted_sums(parts)
        estimate: AnyColumns | None = None
        if all(scale_of(REGISTRY[part.key]) is SHARE for part in indicator.parts):
            crosses = self._crosses(indicator, by, period, ids)
            estimate = columns.weighted_estimates(parts, crosses)
        is_hidden = np.zeros(len(ids), bool)
        for part in indicator.parts:
            is_hidden |= self._is_suppressed(REGISTRY[part.key], by, period, ids)
        return self._valued(
            indicator, period, rows, sums, sums.total / sums.weight, is_hidden, estimate
        )

    def _part(self, part: Part, rows: Rows, of_whole: Rows, period: Period) -> PartColumns:
        own = self.valuation.courses_with_weights(part)
        weight = _by_course(
            of_whole.courses, own, lambda scope: float(self.valuation.weight(part, scope, period))
        )
        sums = SumColumns(*rows.taken(of_whole.ids).T)
        is_known = (weight != 0) & (np.nan_to_num(sums.weight) != 0)
        return PartColumns(part.key, weight, sums, is_known)

    def _crosses(
        self, indicator: Indicator, by: str, period: Period, ids: Ids
    ) -> dict[tuple[str, str], Sequence[Column]]:
        rows = self._rows.get((indicator.key, by, period))
        if rows is None:
            return {}
        numbers = rows.taken(ids).T
        fours = [list(numbers[at : at + 4]) for at in range(0, len(numbers), 4)]
        return dict(zip(indicator.pairs, fours, strict=True))

    def _valued(
        self,
        indicator: Indicator,
        period: Period,
        rows: Rows,
        sums: SumColumns,
        value: Column,
        is_hidden: Mask,
        estimate: AnyColumns | None,
    ) -> GroupColumns:
        value = np.where(is_hidden, np.nan, value)
        shown = rounded(value * indicator.unit.scale)
        target = self._targets(indicator, period, rows.courses)
        is_enough = np.full(len(value), indicator.is_total) | (sums.n >= indicator.min_n)
        is_stale = np.isin(rows.courses, self._stale_courses(indicator, period, rows.courses))
        return GroupColumns(
            ids=rows.ids,
            courses=rows.courses,
            sums=sums,
            value=value,
            shown=shown,
            target=target,
            difference=rounded(shown - target),
            is_ok=~np.isnan(value) & is_enough & ~is_stale,
            is_hidden=is_hidden,
            estimate=estimate,
        )

    def _rows_of(self, key: str, by: str, period: Period) -> Rows:
        return self._rows.get((key, by, period), NO_ROWS)

    def _is_suppressed(self, indicator: Indicator, by: str, period: Period, ids: Ids) -> Mask:
        hidden = self.disclosure.suppressed_groups(indicator, self.scope, by, [period])
        return np.isin(ids, list(hidden))

    def _targets(self, indicator: Indicator, period: Period, courses: Ids) -> Column:
        """Return the comparable target of each course: most have the general one."""
        return _by_course(
            courses,
            self.valuation.courses_with_targets(indicator),
            lambda scope: _number_of(self.valuation.targets(indicator, scope, period)[0]),
        )

    def _stale_courses(self, indicator: Indicator, period: Period, courses: Ids) -> list[int]:
        by_course = self.valuation.data_through_by_course.get(indicator.category, {})
        bound = period.whole_end - reporting_clock.stale_after()
        return [pk for pk, through in by_course.items() if through < bound]

    def metric_values(self, cells: Iterable[Cell]) -> dict[Cell, MetricValue]:
        """Return some values with everything that is needed to show them, those that have rows."""
        wanted = set(cells)
        found = self._found(wanted)
        return {
            cell: self._metric_value(cell, found)
            for cell in wanted
            if any((key, *cell[1:]) in found for key in REGISTRY[cell[0]].measured_keys)
        }

    def _metric_value(self, cell: Cell, found: Mapping[Cell, FoundSums]) -> MetricValue:
        (_, by, period, pk), indicator = cell, REGISTRY[cell[0]]
        scope = replace(self.scope, course_ids=frozenset({self._course_of(cell)}))
        if indicator.parts:
            cells = {part: (part.key, by, period, pk) for part in indicator.parts}
            parts = {
                part: self._metric_value(one, found) for part, one in cells.items() if one in found
            }
            together = self.disclosure.cross_sums(period, found.get(cell, FoundSums()))
            return self.valuation.weighted_mean(indicator, scope, period, parts, together)
        if pk in self.disclosure.suppressed_groups(indicator, self.scope, by, [period]):
            return self.valuation.blank(indicator, scope, period, "suppressed")
        return self.valuation.value(indicator, scope, period, found[cell])

    def _course_of(self, cell: Cell) -> int:
        key, by, period, pk = cell
        if by == "course":
            return pk
        measured = [self._rows_of(one, by, period) for one in REGISTRY[key].measured_keys]
        places = [(rows, *where(rows.ids, np.array([pk]))) for rows in measured]
        return next(int(rows.courses[at[0]]) for rows, at, is_there in places if is_there[0])

    def _found(self, cells: Iterable[Cell]) -> dict[Cell, FoundSums]:
        """Read the rows of some values and of their components, in a statement per table."""
        pks: dict[Table, dict[int, Cell]] = {MEASUREMENTS: {}, COMPOSITES: {}}
        parts = {(key, *cell[1:]) for cell in cells for key in REGISTRY[cell[0]].measured_keys}
        for key, by, period, pk in parts | set(cells):
            rows = self._rows_of(key, by, period)
            at, is_there = where(rows.ids, np.array([pk]))
            if is_there[0]:
                pks[table_of(REGISTRY[key])][int(rows.pks[at[0]])] = (key, by, period, pk)
        return {
            wanted[pk]: found_in(row)
            for table, wanted in pks.items()
            if wanted
            for pk, row in table.model.objects.in_bulk(list(wanted)).items()
        }


def _by_course(courses: Ids, own: Collection[int], look_up: Callable[[Scope], float]) -> Column:
    """Return a number for each course; only those with one of their `own` are looked up."""
    numbers = np.full(len(courses), look_up(Scope(frozenset({NO_COURSE}))))
    for pk in own:
        numbers[courses == pk] = look_up(Scope(frozenset({pk})))
    return numbers


def rounded(numbers: Column) -> Column:
    """Round as `Unit.shown` does: numpy's own rounding may differ in the last digit."""
    return np.array([round(one, EXACT) for one in numbers.tolist()], np.float64)


def _number_of(target: Target | None) -> float:
    return np.nan if target is None else float(target.value)
