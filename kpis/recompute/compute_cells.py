"""Compute the sums of KPIs from their facts: per run, course and module, and for the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
from django.conf import settings

from core.database.id_lists import ids_in
from curriculum.models import Course, Enrollment
from kpis.aggregation.people import (
    GroupSums,
    People,
    Real,
    Whole,
    concatenated,
    crossed,
    numbered,
    summed_up,
)
from kpis.aggregation.person_sums import (
    Kinds,
    Level,
    Read,
    Reading,
    can_be_read_by_enrollment,
    read,
)
from kpis.definitions.facts import Facts
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Measurement, PeriodKind
from kpis.recompute.store_measurements import Cell
from kpis.statistics.intervals import NOTHING, CrossSums, Spread, Sums

SITE, COURSE, RUN, MODULE = Measurement.Scope.values
NOBODY = frozenset[int]()

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
    its courses' cells. The KPIs that have the same periods are read in one statement.
    """
    same: dict[tuple[tuple[Period, frozenset[int]], ...], list[Indicator]] = defaultdict(list)
    for one in wanted:
        same[tuple(one.periods)].append(one.indicator)
    return {
        indicator.key: cells
        for periods, indicators in same.items()
        for indicator, cells in _compute(indicators, periods, runs, now, with_site=with_site)
    }


def _compute(
    indicators: Sequence[Indicator],
    periods: PeriodCourses,
    runs: Mapping[int, int],
    now: datetime,
    *,
    with_site: bool,
) -> Iterator[tuple[Indicator, list[Cell]]]:
    courses = NOBODY.union(*(ids for _, ids in periods))
    of_now = [(period.as_of(now), ids) for period, ids in periods]
    facts = FactReader([period for period, _ in of_now], courses, runs)
    for one in indicators:
        facts.ask(one, with_site=with_site)
    facts.read()
    for one in indicators:
        yield one, list(CellMaker(one, of_now, facts, with_site=with_site).cells())


@dataclass(frozen=True)
class Placed:
    """What people contribute in the groups of a level, and the course of each row.

    `is_repeated` masks the rows of people who may be in a course more than once.
    """

    people: People
    course: Whole
    is_repeated: npt.NDArray[np.bool_]

    @cached_property
    def by_course(self) -> People:
        return self.people.in_groups(self.course).merged(self.is_repeated)


class FactReader:
    """Reads what KPIs need in some periods and courses, all in one statement."""

    def __init__(
        self, periods: Sequence[Period], courses: frozenset[int], runs: Mapping[int, int]
    ) -> None:
        self.periods, self.courses, self.runs = periods, courses, runs
        self._kinds = {period.kind for period in periods}
        self._asked: dict[tuple[Level, str], list[Reading]] = {}
        self.placed: dict[tuple[Level, str], Placed] = {}

    def ask(self, indicator: Indicator, *, with_site: bool) -> None:
        """Note what the KPI, or each of its components, needs."""
        for key in indicator.measured_keys if indicator.is_computed else ():
            for level in self._levels(indicator, with_site=with_site):
                self._asked[level, key] = list(self._readings(REGISTRY[key], level))

    def _levels(self, indicator: Indicator, *, with_site: bool) -> Iterator[Level]:
        if self.courses:
            if indicator.has_runs:
                yield "run"
            if not (indicator.has_runs and indicator.is_additive):
                yield "course"
            if indicator.has_modules and PeriodKind.MONTH in self._kinds:
                yield "module"
        if with_site and not indicator.is_additive:
            yield "site"

    def _readings(self, indicator: Indicator, level: Level) -> Iterator[Reading]:
        facts, of_days = indicator.facts, indicator.facts_of_days
        if level == "module":
            read: list[tuple[Facts | None, Kinds]] = [(facts, "month")]
        elif of_days is None:
            read = [(facts, "all")]
        else:
            read = [(facts, "longer"), (of_days, "day")]
        for one, kinds in read:
            if one is not None and self._has(kinds):
                # nobody is in a run twice
                is_apart = level == "run" or (level == "module" and indicator.is_additive)
                by_enrollment = is_apart and can_be_read_by_enrollment(one)
                yield Reading(one, level, kinds, by_enrollment)

    def _has(self, kinds: Kinds) -> bool:
        return {
            "day": PeriodKind.DAY in self._kinds,
            "longer": bool(self._kinds - {PeriodKind.DAY}),
        }.get(kinds, True)

    def read(self) -> None:
        readings = [one for some in self._asked.values() for one in some]
        others = Course.objects.exclude(pk__in=ids_in(self.courses))
        in_courses = self.courses if self.courses and others.exists() else None
        found = list(zip(readings, read(readings, self.periods, in_courses), strict=True))
        enrollments = EnrollmentColumns.of(
            [rows.people.person for reading, rows in found if reading.by_enrollment], self.runs
        )
        placed = iter([self._placed(*one, enrollments) for one in found])
        self.placed = {
            asked: together([next(placed) for _ in some]) for asked, some in self._asked.items()
        }

    def _placed(self, reading: Reading, rows: Read, enrollments: EnrollmentColumns) -> Placed:
        people = rows.people
        if reading.by_enrollment:
            return enrollments.placed(people, by_run=reading.level == "run")
        course = people.group
        if reading.level == "module":
            course = rows.parent
        if reading.level == "run":
            course = np.array([self.runs.get(run, 0) for run in people.group.tolist()], np.int64)
        return Placed(people, course, np.ones(len(people), bool))


@dataclass(frozen=True)
class EnrollmentColumns:
    """The runs, courses and learners of counted enrollments, in the order of their ids.

    `is_repeated` masks those whose learner has several enrollments in the course.
    """

    pk: Whole
    run: Whole
    course: Whole
    learner: Whole
    is_repeated: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, ids: Sequence[Whole], runs: Mapping[int, int]) -> EnrollmentColumns:
        """Return those among the enrollments that count and belong to a run in `runs`."""
        all_ids = np.concatenate([*ids, np.zeros(0, np.int64)])
        some = all_ids[numbered(all_ids)[0]].tolist()
        counted = Enrollment.objects.counted().filter(pk__in=ids_in(some)).order_by("pk")
        rows = [
            (pk, run, runs[run], learner)
            for pk, run, learner in counted.values_list("pk", "run", "learner")
            if run in runs
        ]
        pk, run, course, learner = np.array(rows, np.int64).reshape(-1, 4).T
        _, number = numbered(course, learner)
        return cls(pk, run, course, learner, np.bincount(number)[number] > 1)

    def placed(self, people: People, *, by_run: bool) -> Placed:
        """Put what enrollments contribute into runs, or into the modules that they are in."""
        if not len(self.pk):
            return Placed(people.at(self.pk), self.pk, self.is_repeated)
        at = np.searchsorted(self.pk, people.person)
        at[at == len(self.pk)] = 0
        is_known = self.pk[at] == people.person
        people, at = people.at(is_known), at[is_known]
        people = replace(people, person=self.learner[at])
        if by_run:
            people = people.in_groups(self.run[at])
        return Placed(people, self.course[at], self.is_repeated[at])


def together(some: Sequence[Placed]) -> Placed:
    """Put rows of different periods together."""
    return Placed(
        concatenated([one.people for one in some]),
        np.concatenate([one.course for one in some]),
        np.concatenate([one.is_repeated for one in some]),
    )


class CellMaker:
    """Makes the cells of one KPI from what people contribute to it or to its components."""

    def __init__(
        self,
        indicator: Indicator,
        periods: PeriodCourses,
        facts: FactReader,
        *,
        with_site: bool,
    ) -> None:
        self.indicator, self.facts, self.with_site = indicator, facts, with_site
        self.periods = [period for period, _ in periods]
        self.courses = [ids for _, ids in periods]

    def cells(self) -> Iterator[Cell]:
        if self.facts.courses and self.indicator.is_computed:
            yield from self._of_runs_and_courses()
            if ("module", self.indicator.measured_keys[0]) in self.facts.placed:
                yield from self._of_modules()
        if self.with_site and self.indicator.is_computed and not self.indicator.is_additive:
            yield from self._of_site()

    def _of_runs_and_courses(self) -> Iterator[Cell]:
        if not self.indicator.has_runs:
            yield from self._of_courses(None)
            return
        parts = self._parts("run")
        sums = self._summed([part.people for part in parts])
        course_of = _courses_by_group(parts)
        yield from self._cells_of_groups(RUN, sums, course_of)
        yield from self._of_courses(sums if self.indicator.is_additive else None)

    def _of_courses(self, of_runs: GroupSums | None) -> Iterator[Cell]:
        """Yield a cell of every course, also of those without facts."""
        parts = self._parts("run" if of_runs else "course")
        people = [part.by_course if of_runs else part.people for part in parts]
        exact = self._summed(people)
        sums = self._added(of_runs, exact) if of_runs else exact
        few = _small_groups(people)
        found = {
            place: (one, few.get(place))
            for place, one in zip(_places(exact), self._sums(sums, exact.people), strict=True)
        }
        for at, (period, courses) in enumerate(zip(self.periods, self.courses, strict=True)):
            for course in courses:
                one, ids = found.get((at, course), (NOTHING, NOBODY))
                yield Cell(period, COURSE, course, course, one, ids)

    def _added(self, of_runs: GroupSums, exact: GroupSums) -> GroupSums:
        """Add up the runs of each course.

        A person can be in several runs: then they are counted once where the groups are small, and
        the products of what they contributed to both belong together.
        """
        course_of = self.facts.runs
        course = np.array([course_of[run] for run in of_runs.group.tolist()], np.int64)
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
        parts = self._parts("module")
        people = [part.people.merged(part.is_repeated) for part in parts]
        yield from self._cells_of_groups(MODULE, self._summed(people), _courses_by_group(parts))

    def _of_site(self) -> Iterator[Cell]:
        sums = self._summed([part.people for part in self._parts("site")])
        found = dict(zip(sums.period.tolist(), self._sums(sums, sums.people), strict=True))
        for at, period in enumerate(self.periods):
            yield Cell(period, SITE, 0, None, found.get(at, NOTHING))

    def _cells_of_groups(
        self, scope: str, sums: GroupSums, course_of: Mapping[int, int]
    ) -> Iterator[Cell]:
        for (at, group), one in zip(_places(sums), self._sums(sums, sums.people), strict=True):
            course = course_of[group]
            if one.n and course in self.courses[at]:
                yield Cell(self.periods[at], scope, group, course, one)

    def _parts(self, level: Level) -> list[Placed]:
        return [self.facts.placed[level, key] for key in self.indicator.measured_keys]

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
