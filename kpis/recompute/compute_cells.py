"""The cells of one KPI: its sums per run, course, module and for the site, from the facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from kpis.definitions.aggregates import Scope, combine_parts
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Measurement, PeriodKind
from kpis.recompute.prepared_queries import PreparedQuery
from kpis.recompute.store_measurements import Cell
from kpis.statistics.intervals import NOTHING

SITE, COURSE, RUN, MODULE = Measurement.Scope.values
NOBODY = frozenset[int]()


def compute_cells(
    indicator: Indicator,
    periods: Sequence[tuple[Period, frozenset[int]]],
    runs: Mapping[int, int],
    now: datetime,
) -> Iterator[Cell]:
    """The cells of each period's courses; `runs` has the course of every run.

    One statement serves all periods, so it reads the courses of any; what a period did not ask
    for is left out. The site's cell is among them only where it is not the sum of its courses'.
    """
    prepared = PreparedQuery(indicator, periods[0][0])
    scope = Scope(course_ids=NOBODY.union(*(ids for _, ids in periods)))
    for period, course_ids in [(one.as_of(now), ids) for one, ids in periods]:
        if course_ids:
            cells = _of_courses(indicator, prepared, scope, period, runs)
            yield from (cell for cell in cells if cell.course_id in course_ids)
        if not indicator.is_additive:
            for _, sums, learners in prepared.ask((), Scope(), period):
                yield Cell(period, SITE, 0, None, sums, learners)


def _of_courses(
    indicator: Indicator,
    prepared: PreparedQuery,
    scope: Scope,
    period: Period,
    runs: Mapping[int, int],
) -> Iterator[Cell]:
    yield from _of_runs_and_courses(indicator, prepared, scope, period, runs)
    if indicator.has_modules and period.kind == PeriodKind.MONTH:
        for (course, module), sums, _ in prepared.ask(("course", "module"), scope, period):
            if module is not None:
                yield Cell(period, MODULE, module, course, sums)


def _of_runs_and_courses(
    indicator: Indicator,
    prepared: PreparedQuery,
    scope: Scope,
    period: Period,
    runs: Mapping[int, int],
) -> Iterator[Cell]:
    of_runs: list[Cell] = []
    if indicator.has_runs:
        of_runs = [
            Cell(period, RUN, run, runs[run], sums, learners)
            for (run,), sums, learners in prepared.ask(("run",), scope, period)
        ]
        yield from of_runs
    if indicator.has_runs and indicator.is_additive:
        yield from _courses_of(indicator, scope, period, of_runs)
        return
    told = {key: (sums, ids) for (key,), sums, ids in prepared.ask(("course",), scope, period)}
    for course in scope.course_ids or ():
        sums, learners = told.get(course, (NOTHING, NOBODY))
        yield Cell(period, COURSE, course, course, sums, learners)


def _courses_of(
    indicator: Indicator, scope: Scope, period: Period, of_runs: Sequence[Cell]
) -> Iterator[Cell]:
    """The sums of the courses' runs."""
    parts: dict[int, list[Cell]] = {course: [] for course in scope.course_ids or ()}
    for cell in of_runs:
        parts[cell.course_id or 0].append(cell)
    for course, some in parts.items():
        learners = NOBODY.union(*(cell.learners or () for cell in some))
        alone = Scope(course_ids=frozenset({course}))
        sums = combine_parts(
            indicator.aggregate, period, alone, [cell.sums for cell in some], learners=learners
        )
        yield Cell(period, COURSE, course, course, sums, learners)
