"""Compute the sums of KPIs from their facts: per run, course and module, and for the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import numpy as np
from django.conf import settings

from kpis.aggregation.grouped_sums import NOBODY
from kpis.aggregation.people import (
    GroupSums,
    People,
    Real,
    concatenated,
    crossed,
    numbered,
    summed_up,
)
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Measurement
from kpis.recompute.fact_reader import FactReader, Placed
from kpis.recompute.store_measurements import Cell
from kpis.statistics.intervals import NOTHING, CrossSums, Spread, Sums

SITE, COURSE, RUN, MODULE = Measurement.Scope.values


Maker = TypeVar("Maker", bound="CellMaker")

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
    its courses' cells. All of it is read in a few statements.
    """
    periods = dict.fromkeys(period for one in wanted for period, _ in one.periods)
    numbers = {period: at for at, period in enumerate(periods)}
    makers = makers_of(CellMaker, wanted, numbers, runs, now, with_site=with_site)
    return {maker.indicator.key: list(maker.cells()) for maker in makers}


def makers_of(
    kind: type[Maker],
    wanted: Sequence[Wanted],
    numbers: Mapping[Period, int],
    runs: Mapping[int, int],
    now: datetime,
    *,
    with_site: bool,
) -> list[Maker]:
    """Return a maker for each KPI, after reading the facts of all, given the numbers of periods."""
    facts, makers = FactReader(runs), []
    for one in wanted:
        periods: dict[int, tuple[Period, frozenset[int]]] = {}
        for period, courses in one.periods:
            number = numbers[period]
            _, others = periods.get(number, (period, NOBODY))
            periods[number] = period.as_of(now), courses | others
        maker = kind(one.indicator, periods, facts, with_site=with_site)
        maker.note_needs()
        makers.append(maker)
    facts.read()
    return makers


class CellMaker:
    """Makes the cells of one KPI from what people contribute to it or to its components."""

    def __init__(
        self,
        indicator: Indicator,
        periods: Mapping[int, tuple[Period, frozenset[int]]],
        facts: FactReader,
        *,
        with_site: bool,
    ) -> None:
        """Take the periods by their numbers, each with its courses."""
        self.indicator, self.facts, self.with_site = indicator, facts, with_site
        self.periods = {at: period for at, (period, _) in periods.items()}
        self.courses = {at: courses for at, (_, courses) in periods.items()}
        self.all_courses = NOBODY.union(*self.courses.values())

    def note_needs(self) -> None:
        self.facts.need(self.indicator, self.periods, self.all_courses, with_site=self.with_site)

    def cells(self) -> Iterator[Cell]:
        if not self.indicator.is_computed:
            return
        if self.all_courses:
            yield from self._of_runs_and_courses()
            if self.indicator.has_modules:
                yield from self._of_modules()
        if self.with_site and not self.indicator.is_additive:
            yield from self._of_site()

    def _of_runs_and_courses(self) -> Iterator[Cell]:
        if not self.indicator.has_runs:
            yield from self._of_courses(None)
            return
        parts = self.facts.at("run", self.indicator)
        sums = self._summed([part.people for part in parts])
        course_of = _courses_by_group(parts)
        yield from self._cells_of_groups(RUN, sums, course_of)
        yield from self._of_courses(sums if self.indicator.is_additive else None)

    def _of_courses(self, of_runs: GroupSums | None) -> Iterator[Cell]:
        """Yield a cell of every course, also of those without facts."""
        parts = self.facts.at("run" if of_runs else "course", self.indicator)
        people = [part.by_course if of_runs else part.people for part in parts]
        exact = self._summed(people)
        sums = self._added(of_runs, exact) if of_runs else exact
        few = _small_groups(people)
        found = {
            place: (one, few.get(place))
            for place, one in zip(_places(exact), self._sums(sums, exact.people), strict=True)
        }
        for at, period in self.periods.items():
            for course in self.courses[at]:
                one, ids = found.get((at, course), (NOTHING, NOBODY))
                yield Cell(period, COURSE, course, course, one, ids)

    def _added(self, of_runs: GroupSums, exact: GroupSums) -> GroupSums:
        """Add up the runs of each course.

        A person can be in several runs: then they are counted once where the groups are small, and
        the products of what they contributed to both belong together.
        """
        runs = self.facts.runs
        course = np.array([runs[run] for run in of_runs.group.tolist()], np.int64)
        first, place = numbered(of_runs.period, course)
        most = np.zeros(len(first))
        np.maximum.at(most, place, of_runs.people)
        columns = (of_runs.people, of_runs.people > 0, of_runs.n, *of_runs.numbers)
        people, runs_with_people, n, *numbers = summed_up(place, len(first), *columns)
        is_bound = (runs_with_people > 1) & (most < settings.KPI_MIN_GROUP)
        is_apart = people == exact.people
        products = 0 if self.indicator.parts else 2
        numbers[products:] = [
            np.where(is_apart, one, other)
            for one, other in zip(numbers[products:], exact.numbers[products:], strict=True)
        ]
        return replace(exact, n=n, people=np.where(is_bound, exact.people, most), numbers=numbers)

    def _of_modules(self) -> Iterator[Cell]:
        parts = self.facts.at("module", self.indicator)
        people = [part.people.merged(part.is_repeated) for part in parts]
        yield from self._cells_of_groups(MODULE, self._summed(people), _courses_by_group(parts))

    def _of_site(self) -> Iterator[Cell]:
        sums = self._summed([part.people for part in self.facts.at("site", self.indicator)])
        found = dict(zip(sums.period.tolist(), self._sums(sums, sums.people), strict=True))
        for at, period in self.periods.items():
            yield Cell(period, SITE, 0, None, found.get(at, NOTHING))

    def _cells_of_groups(
        self, scope: str, sums: GroupSums, course_of: Mapping[int, int]
    ) -> Iterator[Cell]:
        for (at, group), one in zip(_places(sums), self._sums(sums, sums.people), strict=True):
            course = course_of[group]
            if one.n and course in self.courses.get(at, NOBODY):
                yield Cell(self.periods[at], scope, group, course, one)

    def _summed(self, parts: Sequence[People]) -> GroupSums:
        return crossed(parts) if self.indicator.parts else parts[0].sums()

    def _sums(self, sums: GroupSums, units: Real) -> Iterator[Sums]:
        """Yield the sums of each group; `units` are its different people."""
        n, learners, units = (one.astype(np.int64).tolist() for one in (sums.n, sums.people, units))
        numbers = zip(*(one.tolist() for one in sums.numbers), strict=True)
        if self.indicator.parts:
            for n_, learners_, row in zip(n, learners, numbers, strict=True):
                crosses = (row[at : at + 4] for at in range(0, len(row), 4))
                yield Sums(
                    n_, learners=learners_, crosses=tuple(CrossSums(*one) for one in crosses)
                )
            return
        is_total = self.indicator.is_total
        for n_, learners_, units_, (y, x, *products) in zip(
            n, learners, units, numbers, strict=True
        ):
            spread = None if is_total else Spread(units_, *products)
            yield Sums(n_, y, x, learners_, spread)


def _places(sums: GroupSums) -> Iterator[tuple[int, int]]:
    return zip(sums.period.tolist(), sums.group.tolist(), strict=True)


def _courses_by_group(parts: Sequence[Placed]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in parts:
        first, _ = numbered(part.people.group)
        groups, courses = part.people.group[first], part.course[first]
        found |= dict(zip(groups.tolist(), courses.tolist(), strict=True))
    return found


def _small_groups(parts: Sequence[People]) -> dict[tuple[int, int], frozenset[int]]:
    """Return the people of small groups, which are counted precisely where groups are added up."""
    rows = parts[0] if len(parts) == 1 else concatenated(parts).merged()
    rows = rows.at(rows.person > 0)
    _, place = numbered(rows.period, rows.group)
    rows = rows.at(np.bincount(place)[place] < settings.KPI_MIN_GROUP)
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    columns = (rows.period.tolist(), rows.group.tolist(), rows.person.tolist())
    for at, group, person in zip(*columns, strict=True):
        found[at, group].add(person)
    return {place: frozenset(people) for place, people in found.items()}
