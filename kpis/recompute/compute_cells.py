"""Compute the sums of one KPI from its facts: per run, course and module, and for the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from kpis.definitions.aggregates import FactAggregate, Scope, combine_parts, sums_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Measurement, PeriodKind
from kpis.recompute.store_measurements import Cell
from kpis.statistics.intervals import NOTHING, Sums

SITE, COURSE, RUN, MODULE = Measurement.Scope.values
NOBODY = frozenset[int]()
# the ids of a group, its sums, and the ids of the learners behind them
GroupSums = tuple[tuple[Any, ...], Sums, frozenset[int]]


def compute_cells(
    indicator: Indicator,
    periods: Sequence[tuple[Period, frozenset[int]]],
    runs: Mapping[int, int],
    now: datetime,
    *,
    with_site: bool = True,
) -> Iterator[Cell]:
    """Yield the cells of each period's courses; `runs` maps every run to its course.

    One statement serves all periods, so it reads the courses of all of them; the cells of courses
    that a period does not name are dropped. The site's cell is computed only `with_site`, and
    only where it is not the sum of its courses' cells.
    """
    of_any_period = Scope(course_ids=NOBODY.union(*(ids for _, ids in periods)))
    reader = CellReader(indicator, periods[0][0], of_any_period, runs)
    for period, course_ids in [(one.as_of(now), ids) for one, ids in periods]:
        if course_ids:
            yield from (cell for cell in reader.cells(period) if cell.course_id in course_ids)
        if with_site and not indicator.is_additive:
            for _, sums, learners in reader.read((), Scope(), period):
                yield Cell(period, SITE, 0, None, sums, learners)


class CellReader:
    """Reads the cells of one KPI in a set of courses, for any period of one kind.

    Building a statement takes longer than running it, so each is built once, with placeholders
    for the period's bounds.
    """

    def __init__(
        self, indicator: Indicator, period: Period, scope: Scope, runs: Mapping[int, int]
    ) -> None:
        if indicator.aggregate is None:
            raise ValueError(f"{indicator.key} is combined from other KPIs and reads no facts.")
        self.indicator, self.scope, self.runs = indicator, scope, runs
        any_period = cast(Period, PlaceholderPeriod(period.kind, period.zone))
        self._aggregate = indicator.aggregate(any_period)
        self._statements: dict[tuple[tuple[str, ...], Scope], Statement] = {}

    def read(self, by: tuple[str, ...], scope: Scope, period: Period) -> Iterator[GroupSums]:
        if (by, scope) not in self._statements:
            self._statements[by, scope] = Statement(self._aggregate, by, scope)
        return self._statements[by, scope].run(period)

    def cells(self, period: Period) -> Iterator[Cell]:
        """Yield the cells of the runs, courses and, by month, modules."""
        of_runs: list[Cell] = []
        if self.indicator.has_runs:
            of_runs = [
                Cell(period, RUN, run, self.runs[run], sums, learners)
                for (run,), sums, learners in self.read(("run",), self.scope, period)
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
        for course, cells in by_course.items():
            learners = NOBODY.union(*(cell.learners or () for cell in cells))
            scope = Scope(course_ids=frozenset({course}))
            parts = [cell.sums for cell in cells]
            sums = combine_parts(self.indicator.aggregate, period, scope, parts, learners=learners)
            yield Cell(period, COURSE, course, course, sums, learners)

    def _courses_from_facts(self, period: Period) -> Iterator[Cell]:
        by_course = {
            key: (sums, ids) for (key,), sums, ids in self.read(("course",), self.scope, period)
        }
        for course in self.scope.course_ids or ():
            sums, learners = by_course.get(course, (NOTHING, NOBODY))
            yield Cell(period, COURSE, course, course, sums, learners)


class Statement:
    """A grouped query of a KPI, built once and run for many periods."""

    def __init__(self, aggregate: FactAggregate, by: Sequence[str], scope: Scope) -> None:
        query = aggregate.with_learners(by, scope)
        # without groups, the query still has one leading column
        self.leading = max(1, len(by))
        self.names = list(aggregate.columns(aggregate.n))
        self.connection = connections[query.db]
        self.compiler = query.query.get_compiler(connection=self.connection)
        self.sql, self.params = self.compiler.as_sql()

    def run(self, period: Period) -> Iterator[GroupSums]:
        params = [
            one.value_in(period, self.connection) if isinstance(one, PeriodPlaceholder) else one
            for one in self.params
        ]
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        for row in self.compiler.results_iter([rows]):
            sums = dict(zip(self.names, row[self.leading :], strict=True))
            # the database may return null for no rows, and for rows without a learner
            ids = frozenset(sums["sum_learners"] or ()) - {None}
            yield tuple(row[: self.leading]), sums_of(sums | {"sum_learners": len(ids)}), ids


class PeriodPlaceholder(Expression):
    """A bound of a period, such as its `start`, that is filled in when the statement runs.

    Days may be added to it and subtracted from it.
    """

    def __init__(
        self, name: str, output_field: models.Field[Any, Any], shift: timedelta = timedelta()
    ) -> None:
        super().__init__(output_field=output_field)
        self.name, self.shift = name, shift

    def __add__(self, other: object) -> PeriodPlaceholder:  # type: ignore[override]
        if not isinstance(other, timedelta):
            return NotImplemented
        return PeriodPlaceholder(self.name, self.output_field, self.shift + other)

    def __sub__(self, other: object) -> PeriodPlaceholder:  # type: ignore[override]
        return self + -other if isinstance(other, timedelta) else NotImplemented

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def value_in(self, period: Period, connection: BaseDatabaseWrapper) -> Any:
        value: date = getattr(period, self.name)
        return self.output_field.get_db_prep_value(value + self.shift, connection)


class PlaceholderPeriod:
    """Stands in for a period while a statement is built; any other attribute is an error."""

    start = PeriodPlaceholder("start", models.DateTimeField())
    end = PeriodPlaceholder("end", models.DateTimeField())
    first = PeriodPlaceholder("first", models.DateField())
    last = PeriodPlaceholder("last", models.DateField())
    after = PeriodPlaceholder("after", models.DateField())

    def __init__(self, kind: str, zone: ZoneInfo) -> None:
        self.kind, self.zone = kind, zone

    @property
    def is_one_day(self) -> bool:
        return self.kind == "day"
