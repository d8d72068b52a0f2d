"""Read what people contribute to KPIs, and find out in which runs and courses they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.database.id_lists import ids_in
from curriculum.models import Course, Enrollment
from kpis.aggregation.people import People, Whole, concatenated, numbered
from kpis.aggregation.person_sums import Level, Read, Reading, can_be_read_by_enrollment
from kpis.aggregation.segments import read
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import PeriodKind


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


NO_ONE = np.zeros(0, np.int64)
NO_SUMS = np.zeros(0, np.float64)
NOTHING_PLACED = Placed(
    People(NO_ONE, NO_ONE, NO_ONE, NO_ONE, NO_SUMS, NO_SUMS), NO_ONE, np.zeros(0, bool)
)


@dataclass
class Need:
    """Periods by their numbers, and the courses in them."""

    periods: dict[int, Period] = field(default_factory=dict)
    courses: frozenset[int] = frozenset()


class FactReader:
    """Reads what several KPIs need, all in one statement; `runs` maps runs to their courses."""

    def __init__(self, runs: Mapping[int, int]) -> None:
        self.runs = runs
        self._needs: dict[tuple[Level, str], Need] = {}
        self._placed: dict[tuple[Level, str], Placed] = {}

    def need(
        self,
        indicator: Indicator,
        periods: Mapping[int, Period],
        courses: frozenset[int],
        *,
        with_site: bool,
    ) -> None:
        """Note what the KPI, or each of its components, needs in some periods and courses."""
        for level in _levels(indicator, courses, with_site=with_site):
            for key in indicator.measured_keys:
                need = self._needs.setdefault((level, key), Need())
                need.courses |= courses
                need.periods |= {
                    at: one
                    for at, one in periods.items()
                    if level != "module" or one.kind == PeriodKind.MONTH
                }

    def at(self, level: Level, indicator: Indicator) -> list[Placed]:
        """Return what was read for the KPI, or for each of its components."""
        return [self._placed[level, key] for key in indicator.measured_keys]

    def read(self) -> None:
        readings = [list(self._readings(*of, need)) for of, need in self._needs.items()]
        rows = iter(read([one for some in readings for one in some]))
        found = [[(one, next(rows)) for one in some] for some in readings]
        enrollments = EnrollmentColumns.of(
            [one.people.person for some in found for how, one in some if how.by_enrollment],
            self.runs,
        )
        for of, some in zip(self._needs, found, strict=True):
            self._placed[of] = together([self._place(*one, enrollments) for one in some])

    def _readings(self, level: Level, key: str, need: Need) -> Iterator[Reading]:
        indicator = REGISTRY[key]
        is_all = level == "site" or need.courses == self._every_course
        for facts in (indicator.facts, indicator.facts_of_days):
            # nobody is in a run twice
            is_apart = level == "run" or (level == "module" and indicator.is_additive)
            periods = {
                at: one for at, one in need.periods.items() if indicator.facts_in(one) is facts
            }
            if facts and periods:
                by_enrollment = is_apart and can_be_read_by_enrollment(facts)
                yield Reading(
                    facts, level, periods, None if is_all else need.courses, by_enrollment
                )

    @cached_property
    def _every_course(self) -> frozenset[int]:
        return frozenset(Course.objects.values_list("pk", flat=True))

    def _place(self, reading: Reading, rows: Read, enrollments: EnrollmentColumns) -> Placed:
        people = rows.people
        if reading.by_enrollment:
            return enrollments.placed(people, by_run=reading.level == "run")
        course = rows.parent if reading.level == "module" else people.group
        if reading.level == "run":
            course = np.array([self.runs.get(run, 0) for run in course.tolist()], np.int64)
        return Placed(people, course, np.ones(len(people), bool))


def _levels(indicator: Indicator, courses: frozenset[int], *, with_site: bool) -> Iterator[Level]:
    if not indicator.is_computed:
        return
    if courses:
        if indicator.has_runs:
            yield "run"
        if not (indicator.has_runs and indicator.is_additive):
            yield "course"
        if indicator.has_modules:
            yield "module"
    if with_site and not indicator.is_additive:
        yield "site"


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
    some = [NOTHING_PLACED, *some]
    return Placed(
        concatenated([one.people for one in some]),
        np.concatenate([one.course for one in some]),
        np.concatenate([one.is_repeated for one in some]),
    )
