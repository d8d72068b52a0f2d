"""Known values of three courses, and what can be computed from those that a reader sees."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import CourseRun
from kpis.definitions.periods import KINDS, Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import Measurement
from kpis.query.query_service import KpiQueryService
from kpis.tests.kernel import STARTED, moment, run_of

FIRST, WEEKS = date(2026, 1, 5), 16
NOW = moment("2026-07-10T12:00:00")
# a prime other than the one in linear_spans
PRIME = (1 << 31) - 1

Atom = tuple[Any, ...]
# a scope and a period, with the days of runs that it is the sum of
Cell = tuple[Scope, Period]
Cells = dict[Cell, frozenset[Atom]]


def three_courses() -> list[CourseRun]:
    return [run_of(f"{key}-{at}", course=key) for key in ("py", "sql", "ux") for at in (1, 2, 3)]


def people_of(runs: Iterable[CourseRun], *, seed: int) -> dict[Atom, int]:
    """Let learners start together on a few days of most weeks, and nobody twice."""
    rng = random.Random(seed)  # noqa: S311
    days = [FIRST + timedelta(days=at) for at in range(7 * WEEKS)]
    return {
        (run.pk, day): rng.choice((1, 2, 3, 5, 8, 12, 20, 30))
        for run in runs
        for day in days
        if rng.random() < rng.choice((0.02, 0.1, 0.3))
    }


def cells_of(runs: Iterable[CourseRun], atoms: Iterable[Atom]) -> Cells:
    """Return every cell that can be requested: site, courses and runs, in all kinds of periods."""
    found: dict[Cell, set[Atom]] = defaultdict(set)
    course_of = {run.pk: run.course_id for run in runs}
    for pk, day in atoms:
        course = frozenset({course_of[pk]})
        for scope in (Scope(), Scope(course), Scope(course, pk)):
            for kind in KINDS:
                found[scope, containing(day, kind, reporting_clock.reporting_zone())].add((pk, day))
    return {cell: frozenset(inside) for cell, inside in found.items()}


def keep(cells: Cells, people: Mapping[Atom, int]) -> None:
    """Store the measurements of these cells; half of the learners completed."""
    rows = []
    for (scope, period), inside in cells.items():
        n = sum(people[atom] for atom in inside)
        course = next(iter(scope.course_ids or ()), None)
        rows.append(
            Measurement(
                kpi=STARTED,
                scope="run" if scope.run_id else "course" if course else "site",
                scope_id=scope.run_id or course or 0,
                course_id=course,
                period_kind=period.kind,
                period_start=period.first,
                n=n,
                total=n // 2,
                weight=n,
                learners=n,
                definition_version=1,
                computed_at=NOW,
            )
        )
    Measurement.objects.bulk_create(rows)


def shown_to(reader: Reader, cells: Cells) -> set[Cell]:
    """Return the cells whose values the reader sees."""
    asked: dict[tuple[Scope, str], list[Period]] = defaultdict(list)
    for scope, period in cells:
        asked[scope, period.kind].append(period)
    desk, found = KpiQueryService(reader, NOW), set()
    for (scope, _), periods in asked.items():
        answers = desk.metric_values(REGISTRY[STARTED], scope, periods)
        found |= {(scope, one) for one in periods if answers[one].status != "suppressed"}
    return found


class Known:
    """Every linear combination of sums of atoms, by elimination."""

    def __init__(self, sums: Iterable[frozenset[Atom]]) -> None:
        self._rows: dict[Atom, dict[Atom, int]] = {}
        for inside in sums:
            if row := self._rest(dict.fromkeys(inside, 1)):
                pivot = min(row)
                inverse = pow(row[pivot], -1, PRIME)
                self._rows[pivot] = {at: value * inverse % PRIME for at, value in row.items()}

    def reveals(self, inside: frozenset[Atom]) -> bool:
        return not self._rest(dict.fromkeys(inside, 1))

    def _rest(self, row: dict[Atom, int]) -> dict[Atom, int]:
        left = Counter(row)
        while pivots := sorted(at for at in left if at in self._rows):
            factor = left[pivots[0]]
            for at, value in self._rows[pivots[0]].items():
                left[at] = (left[at] - factor * value) % PRIME
            left = Counter({at: value for at, value in left.items() if value})
        return dict(left)
