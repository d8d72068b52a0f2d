"""Compare all courses and modules of a query with their targets and the previous period.

The comparisons are those of `candidates`, as columns. Values hidden from the reader are left out,
so neither a finding nor its rank can reveal them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from insights.candidates import against_previous, against_target, target_kind
from insights.finding import FindingCandidate, FindingKind, FindingSubject
from kpis.definitions.registry import Indicator
from kpis.models import PeriodKind
from kpis.query.group_columns import Cell, GroupColumns, rounded
from kpis.query.group_rows import Ids, where
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from kpis.query.results import GROUP_OBJECTS, MetricValue
from kpis.statistics import columns
from kpis.statistics.columns import Column, EstimateColumns, Mask
from kpis.statistics.estimates import Estimate


@dataclass(frozen=True)
class PartTests:
    """The possible findings of one KPI about its courses or modules: one row for each.

    `chances` are the p-values, NaN for a total, which needs no test. `is_outside`: the interval
    does not contain the goal. `size` is what findings of a kind are ranked by.
    """

    indicator: Indicator
    by: str
    is_change: bool
    ids: Ids
    courses: Ids
    chances: Column
    is_outside: Mask
    is_good: Mask
    size: Column

    def kind(self, *, is_good: bool) -> FindingKind:
        if self.is_change:
            return FindingKind.MOVED
        return target_kind(is_good=is_good, is_of_module=self.by == "module")


@dataclass(frozen=True)
class Wholes:
    """The courses of modules: which of them exist, their weight and the dispersion of people."""

    exist: Mask
    weight: Column
    dispersion: Column


class Parts:
    """The courses and modules of a query, of which `values` are those of the whole."""

    def __init__(
        self, service: KpiQueryService, query: KpiQuery, values: Sequence[MetricValue]
    ) -> None:
        self.query, self.values, self.period = query, values, values[0].period
        indicators = [one.indicator for one in values]
        self.reader = service.group_reader(indicators, query.scope, self.period)

    @property
    def has_values(self) -> bool:
        """True if the reader sees any of them."""
        return any((~np.isnan(group.value[mask])).any() for _, _, group, mask in self._groups())

    def tests(self) -> list[PartTests]:
        found = []
        with np.errstate(all="ignore"):
            for value, by, group, mask in self._groups():
                whole = self._wholes(value, group) if by == "module" else None
                found.append(against_targets(value, by, group, mask, whole))
                if by == "course":
                    before = self.reader.columns(value.indicator, by, self.period.previous)
                    found.append(against_earlier_values(value, group, mask, before))
        return found

    def _groups(self) -> Iterator[tuple[MetricValue, str, GroupColumns, Mask]]:
        """Yield the courses of each KPI if there are several, and for months its modules."""
        for value in self.values:
            if self.query.course is None:
                group = self.reader.columns(value.indicator, "course", self.period)
                yield value, "course", group, np.full(len(group.ids), len(group.ids) > 1)
            if self.period.kind == PeriodKind.MONTH and value.indicator.has_modules:
                group = self.reader.columns(value.indicator, "module", self.period)
                yield value, "module", group, self._wholes(value, group).exist

    def _wholes(self, value: MetricValue, group: GroupColumns) -> Wholes:
        """Return the course of each module."""
        if self.query.course:
            estimate, exist = value.estimate, group.courses == self.query.course.pk
            spread = estimate.dispersion if isinstance(estimate, Estimate) else np.nan
            weight = np.full(len(exist), value.sums.weight)
            return Wholes(exist, weight, np.full(len(exist), spread))
        courses = self.reader.columns(value.indicator, "course", self.period)
        at, exist = where(courses.ids, group.courses)
        if not len(courses.ids):
            return Wholes(exist, np.zeros(len(exist)), np.full(len(exist), np.nan))
        is_known = exist & ~courses.is_hidden[at]
        dispersion = np.full(len(exist), np.nan)
        if isinstance(courses.estimate, EstimateColumns):
            dispersion = np.where(is_known, courses.estimate.dispersion[at], np.nan)
        return Wholes(exist, np.where(is_known, courses.sums.weight[at], 0.0), dispersion)

    def candidates(self, wanted: Sequence[tuple[PartTests, int]]) -> list[FindingCandidate]:
        """Return some rows of the tests with all that a sentence needs, which takes few statements.

        What the columns found is compared once more, value by value.
        """
        pairs = zip(wanted, self._subjects(wanted), strict=True)
        found = [
            against_previous(one) if test.is_change else against_target(one)
            for (test, _), one in pairs
        ]
        return [one for one in found if one is not None]

    def _subjects(self, wanted: Sequence[tuple[PartTests, int]]) -> list[FindingSubject]:
        now = [(one.indicator.key, one.by, self.period, int(one.ids[at])) for one, at in wanted]
        earlier = [(cell[0], cell[1], self.period.previous, cell[3]) for cell in now]
        around = [
            (one.indicator.key, "course", self.period, int(one.courses[at])) for one, at in wanted
        ]
        values = self.reader.metric_values([*now, *earlier, *around])
        things = {
            by: GROUP_OBJECTS[by].in_bulk({cell[3] for cell in now if cell[1] == by})
            for by in {cell[1] for cell in now}
        }
        of_whole = {one.indicator.key: one for one in self.values}
        return [
            FindingSubject(
                values[cell],
                things[cell[1]][cell[3]],
                before=values.get(before) if cell[1] == "course" else None,
                whole=self._whole_of(cell, of_whole[cell[0]], values.get(course)),
                is_part=True,
            )
            for cell, before, course in zip(now, earlier, around, strict=True)
        ]

    def _whole_of(
        self, cell: Cell, queried: MetricValue, course: MetricValue | None
    ) -> MetricValue | None:
        if cell[1] == "course":
            return None
        return queried if self.query.course else course


def against_targets(
    value: MetricValue, by: str, group: GroupColumns, mask: Mask, whole: Wholes | None
) -> PartTests:
    indicator, distance = value.indicator, np.abs(group.difference)
    mask = mask & group.is_ok & (distance > _rounds_to_zero(indicator))
    chances, is_outside = np.full(len(mask), np.nan), np.ones(len(mask), bool)
    if group.estimate is not None and group.interval is not None:
        goal = group.target / indicator.unit.scale
        chances = columns.against_goals(group.estimate, goal, whole.dispersion if whole else None)
        is_outside = ~((group.interval[0] <= goal) & (goal <= group.interval[1]))
    if not indicator.is_total:
        mask = mask & ~np.isnan(chances)
    is_above = group.difference > 0
    size = distance / np.where(group.target != 0, np.abs(group.target), 1.0)
    if whole is not None:
        size = distance
        if not indicator.parts and indicator.is_additive:
            of_gap = np.abs(group.sums.weight / whole.weight * group.difference)
            size = np.where((whole.weight != 0) & (of_gap != 0), of_gap, distance)
    rows = (chances, is_outside, is_above == indicator.higher_is_better, size)
    return _tests(value, by, group, mask, rows, is_change=False)


def against_earlier_values(
    value: MetricValue, group: GroupColumns, mask: Mask, earlier: GroupColumns
) -> PartTests:
    indicator, period = value.indicator, value.period
    at, is_there = where(earlier.ids, group.ids)
    if not len(earlier.ids):
        return _tests(value, "course", group, is_there, _nothing(is_there), is_change=True)
    amount, then = group.shown - earlier.shown[at], np.abs(earlier.shown[at])
    is_change = np.abs(rounded(amount)) > _rounds_to_zero(indicator)
    mask = mask & is_there & group.is_ok & earlier.is_ok[at] & is_change
    is_outside = np.ones(len(mask), bool)
    if indicator.is_total:
        counts, before = group.sums.n, earlier.sums.n[at]
        mask &= (group.sums.total == counts) & (earlier.sums.total[at] == before)
        chances = columns.against_counts(counts, period.days, before, period.previous.days)
    elif group.estimate is None or earlier.estimate is None:
        nowhere = np.zeros(len(mask), bool)
        return _tests(value, "course", group, nowhere, _nothing(nowhere), is_change=True)
    else:
        before_estimate = earlier.estimate.take(at)
        chances = columns.against_earlier(group.estimate, before_estimate)
        low, high = columns.differences(
            group.value, group.estimate.interval, earlier.value[at], before_estimate.interval
        )
        is_outside = ~((low <= 0) & (high >= 0))
        mask &= ~np.isnan(chances)
    size = np.abs(amount) / np.where(then != 0, then, 1.0)
    rows = (chances, is_outside, (amount > 0) == indicator.higher_is_better, size)
    return _tests(value, "course", group, mask, rows, is_change=True)


def _nothing(mask: Mask) -> tuple[Column, Mask, Mask, Column]:
    numbers = np.full(len(mask), np.nan)
    return numbers, mask, mask, numbers


def _tests(
    value: MetricValue,
    by: str,
    group: GroupColumns,
    mask: Mask,
    rows: tuple[Column, Mask, Mask, Column],
    *,
    is_change: bool,
) -> PartTests:
    chances, is_outside, is_good, size = rows
    return PartTests(
        indicator=value.indicator,
        by=by,
        is_change=is_change,
        ids=group.ids[mask],
        courses=group.courses[mask],
        chances=chances[mask],
        is_outside=is_outside[mask],
        is_good=is_good[mask],
        size=size[mask],
    )


def _rounds_to_zero(indicator: Indicator) -> float:
    """Return the largest difference that rounds to zero; halves are rounded to even."""
    return float(f"5e-{indicator.unit.places + 1}")
