"""Compute the sums of one KPI from its facts: per run, course and module, and for the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kpis.aggregation.grouped_sums import (
    NOBODY,
    CompositeSums,
    GroupedSums,
    GroupSums,
    Together,
    combine_parts,
)
from kpis.aggregation.period_placeholders import any_period
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.models import Measurement, PeriodKind
from kpis.recompute.store_measurements import Cell
from kpis.statistics.intervals import NOTHING, Sums

SITE, COURSE, RUN, MODULE = Measurement.Scope.values

# periods, each with the courses to compute in it
PeriodCourses = Sequence[tuple[Period, frozenset[int]]]


@dataclass(frozen=True)
class Wanted:
    """A KPI and the periods, of any kinds, in which some of its courses are to be computed."""

    indicator: Indicator
    periods: PeriodCourses


def compute_all(
    wanted: Sequence[Wanted], runs: Mapping[int, int], now: datetime, *, with_site: bool
) -> dict[str, list[Cell]]:
    """Return the cells of KPIs by their keys, each KPI in its periods and their courses.

    `runs` maps every run of these courses to its course. The site's cell is computed only
    `with_site`, in each period, also in one without courses, and only where it is not the sum of
    its courses' cells.
    """
    found: dict[str, list[Cell]] = {one.indicator.key: [] for one in wanted}
    for kind in PeriodKind.values:
        of_kind = [
            Wanted(one.indicator, periods)
            for one in wanted
            if (periods := [pair for pair in one.periods if pair[0].kind == kind])
        ]
        for some, together in _read_together(of_kind):
            found[some.indicator.key] += compute_cells(
                some.indicator, some.periods, runs, now, with_site=with_site, together=together
            )
    return found


def _read_together(wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, CompositeReader | None]]:
    """Give components the periods of their composite, so that they are read together."""
    composites = {
        key: (one, reader)
        for one in wanted
        if one.indicator.parts and one.indicator.is_computed
        for reader in [CompositeReader(one.indicator, one.periods[0][0])]
        for key in (one.indicator.key, *one.indicator.measured_keys)
    }
    for one in wanted:
        composite, reader = composites.get(one.indicator.key, (None, None))
        if composite and _is_within(one.periods, composite.periods):
            yield Wanted(one.indicator, composite.periods), reader
        else:
            yield one, None


def _is_within(some: PeriodCourses, others: PeriodCourses) -> bool:
    courses = dict(others)
    return all(period in courses and ids <= courses[period] for period, ids in some)


def compute_cells(
    indicator: Indicator,
    periods: PeriodCourses,
    runs: Mapping[int, int],
    now: datetime,
    *,
    with_site: bool = True,
    together: CompositeReader | None = None,
) -> Iterator[Cell]:
    """Yield the cells of each period's courses; `runs` maps every run to its course.

    One statement serves all periods, so it reads the courses of all of them; the cells of courses
    that a period does not name are dropped. The site's cell is computed only `with_site`, and
    only where it is not the sum of its courses' cells. A composite and its components, of the same
    periods, are read `together`.
    """
    of_any_period = Scope(course_ids=NOBODY.union(*(ids for _, ids in periods)))
    if indicator.parts:
        together = together or CompositeReader(indicator, periods[0][0])
    reader = CellReader(indicator, periods[0][0], of_any_period, runs, together)
    for period, course_ids in [(one.as_of(now), ids) for one, ids in periods]:
        if course_ids:
            yield from (cell for cell in reader.cells(period) if cell.course_id in course_ids)
        if with_site and not indicator.is_additive:
            found = list(reader.read((), Scope(), period))
            _, sums, people = found[0] if found else ((), NOTHING, NOBODY)
            yield Cell(period, SITE, 0, None, sums, people)


class CompositeReader:
    """Reads a composite and its components; the groups of a period are kept for all of them."""

    def __init__(self, composite: Indicator, period: Period) -> None:
        self.composite = composite
        self._period = any_period(period.kind, period.zone)
        self._queries: dict[tuple[tuple[str, ...], Scope], CompositeSums] = {}
        self._found: dict[Any, list[tuple[tuple[Any, ...], Together]]] = {}

    def read(
        self, key: str, by: tuple[str, ...], scope: Scope, period: Period
    ) -> Iterator[GroupSums]:
        """Yield the groups of the composite or the component with this key."""
        how = (by, scope, period)
        if how not in self._found:
            if (by, scope) not in self._queries:
                self._queries[by, scope] = CompositeSums(
                    self.composite, self._period, by, scope, lists_people=MODULE not in by
                )
            self._found[how] = list(self._queries[by, scope].run(period))
        at = [self.composite.key, *self.composite.measured_keys].index(key)
        for group, parts in self._found[how]:
            sums, people = parts[at]
            if sums.n:
                yield group, sums, people


class CellReader:
    """Reads the cells of one KPI in a set of courses, for any period of one kind.

    Building a statement takes longer than running it, so each is built once, with placeholders
    for the period's bounds.
    """

    def __init__(
        self,
        indicator: Indicator,
        period: Period,
        scope: Scope,
        runs: Mapping[int, int],
        together: CompositeReader | None,
    ) -> None:
        self.indicator, self.scope, self.runs, self.together = indicator, scope, runs, together
        self._period = any_period(period.kind, period.zone)
        self._queries: dict[tuple[tuple[str, ...], Scope], GroupedSums] = {}

    def read(self, by: tuple[str, ...], scope: Scope, period: Period) -> Iterator[GroupSums]:
        if self.together:
            return self.together.read(self.indicator.key, by, scope, period)
        if (by, scope) not in self._queries:
            self._queries[by, scope] = GroupedSums(
                self.indicator, self._period, by, scope, lists_people=MODULE not in by
            )
        return self._queries[by, scope].run(period)

    def cells(self, period: Period) -> Iterator[Cell]:
        """Yield the cells of the runs, courses and, by month, modules."""
        of_runs: list[Cell] = []
        if self.indicator.has_runs:
            of_runs = [
                Cell(period, RUN, run, self.runs[run], sums, people)
                for (run,), sums, people in self.read(("run",), self.scope, period)
            ]
        yield from of_runs
        if self.indicator.has_runs and self.indicator.is_additive:
            yield from self._courses_from_runs(period, of_runs)
        else:
            yield from self._courses_from_facts(period)
        if self.indicator.has_modules and period.kind == PeriodKind.MONTH:
            for (course, module), sums, _ in self.read(("course", "module"), self.scope, period):
                if module is not None:
                    yield Cell(period, MODULE, module, course, sums)

    def _courses_from_runs(self, period: Period, of_runs: Sequence[Cell]) -> Iterator[Cell]:
        by_course: dict[int, list[Cell]] = {pk: [] for pk in self.scope.course_ids or ()}
        for cell in of_runs:
            by_course[cell.course_id or 0].append(cell)
        exact: dict[int, Sums] = {}
        for course, cells in by_course.items():
            people = NOBODY.union(*(cell.people or () for cell in cells))
            scope = Scope(course_ids=frozenset({course}))
            parts = [cell.sums for cell in cells]
            sums = combine_parts(self.indicator, period, scope, parts, people=people)
            if (sums.spread or sums.crosses) and len(people) < sum(part.learners for part in parts):
                # who is in several runs is one person, whose sums belong together
                exact = exact or self._by_course(period)
                known = exact.get(course, sums)
                sums = replace(sums, spread=known.spread, crosses=known.crosses)
            yield Cell(period, COURSE, course, course, sums, people)

    def _by_course(self, period: Period) -> dict[int, Sums]:
        return {key: sums for (key,), sums, _ in self.read(("course",), self.scope, period)}

    def _courses_from_facts(self, period: Period) -> Iterator[Cell]:
        by_course = {
            key: (sums, ids) for (key,), sums, ids in self.read(("course",), self.scope, period)
        }
        for course in self.scope.course_ids or ():
            sums, people = by_course.get(course, (NOTHING, NOBODY))
            yield Cell(period, COURSE, course, course, sums, people)
