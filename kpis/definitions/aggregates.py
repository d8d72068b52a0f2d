"""Aggregates of fact rows: what a KPI sums and counts, grouped by any dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, JSONField, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from curriculum.models import Learner
from kpis.definitions.periods import Period
from kpis.statistics.intervals import Sums

Expression = Aggregate | Combinable
ROWS = Count("pk")
DIMENSIONS = ("course", "run", "module", "learner")


@dataclass(frozen=True)
class Scope:
    """A set of courses and learners, a run or a module; None does not restrict."""

    course_ids: frozenset[int] | None = None
    run_id: int | None = None
    module_id: int | None = None
    learner_ids: frozenset[int] | None = None

    @property
    def is_site(self) -> bool:
        return self == Scope()


FROM_ENROLLMENT = {"course": "run__course", "run": "run", "learner": "learner"}


def path_to(name: str, enrollment: str) -> str:
    """Return the lookup path to a course, run or learner, given the path to the enrollment."""
    return f"{enrollment}__{FROM_ENROLLMENT[name]}" if enrollment else FROM_ENROLLMENT[name]


def within(
    rows: QuerySet[Any], scope: Scope, *, enrollment: str = "enrollment", module: str | None = None
) -> QuerySet[Any]:
    """Filter rows to a scope, without canceled enrollments, staff and test accounts.

    The scope's module is ignored unless `module`, the lookup path to a row's module, is given.
    """
    via = f"{enrollment}__" if enrollment else ""
    counted = {f"{via}is_cancelled": False, f"{via}learner__kind": Learner.Kind.LEARNER}
    paths = {name: path_to(name, enrollment) for name in FROM_ENROLLMENT}
    return rows.filter(**counted, **scope_lookups(scope, paths | {"module": module}))


def scope_lookups(scope: Scope, paths: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the lookups that restrict rows to the scope, in the dimensions that have a path."""
    restrictions = {
        "course": ("__in", scope.course_ids),
        "run": ("", scope.run_id),
        "learner": ("__in", scope.learner_ids),
        "module": ("", scope.module_id),
    }
    return {
        f"{paths[name]}{lookup}": ids
        for name, (lookup, ids) in restrictions.items()
        if ids is not None and paths.get(name)
    }


@dataclass(frozen=True, kw_only=True)
class FactAggregate:
    """The fact rows of a KPI in one period, and the expressions that aggregate them.

    The value is `total` ÷ `weight`, and `n` is the number of observations behind it. Means also
    need `squares`, the sum of the squared observations.

    `enrollment` and `module` are the lookup paths from a row to its enrollment ("" if the rows
    are enrollments) and to its module (None if the KPI has no modules). If rows have no
    enrollment (None), `places` has their paths to the course, the run and the person (as
    "learner"), and the rows must already be without those that do not count.

    `by_level` has other aggregates to use at single levels ("module", "run", "course"). For
    example, the latest answer within a course may not be the latest answer of the learner.
    For the same reason `among` returns the rows of several courses, given their ids.

    `held` has the fields of a row's beginning and end if the rows are those that are held when
    the period starts: they began before, and have no end or one that is not before.
    """

    rows: QuerySet[Any]
    total: Expression
    weight: Expression
    n: Expression = ROWS
    squares: Expression | None = None
    enrollment: str | None = "enrollment"
    module: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    by_level: Mapping[str, FactAggregate] = field(default_factory=dict)
    among: Callable[[frozenset[int]], QuerySet[Any]] | None = None
    held: tuple[str, str] | None = None

    def path(self, name: str) -> str:
        """Return the lookup path to a dimension; ValueError if the rows do not have it."""
        path = self.paths.get(name)
        if path is None:
            raise ValueError(f"This KPI cannot be broken down by {name}.")
        return path

    @property
    def paths(self) -> dict[str, str | None]:
        module = {"module": self.module}
        if self.enrollment is None:
            return module | dict(self.places)
        return module | {name: path_to(name, self.enrollment) for name in FROM_ENROLLMENT}

    def within(self, scope: Scope) -> QuerySet[Any]:
        """Return the rows of the scope that count."""
        if scope.module_id is not None:
            self.path("module")
        if scope.run_id is not None:
            self.path("run")
        rows = self.rows
        if self.among and scope.course_ids is not None and len(scope.course_ids) > 1:
            rows = self.among(scope.course_ids)
        if self.enrollment is None:
            return rows.filter(**scope_lookups(scope, self.paths))
        return within(rows, scope, enrollment=self.enrollment, module=self.module)

    def grouped(self, by: Sequence[str] = (), scope: Scope | None = None) -> dict[Any, Sums]:
        """Return sums by the ids of the dimensions in `by`, in one query; () without any."""
        scope = scope or Scope()
        aggregate = self._at_level(by, scope)
        columns = aggregate.columns(Count(aggregate.path("learner"), distinct=True))
        rows = aggregate.within(scope).order_by()
        if not by:
            return {(): sums_of(rows.aggregate(**columns))}
        paths = [aggregate.path(name) for name in by]
        found = rows.values(*paths).annotate(**columns)
        return {tuple(row[path] for path in paths): sums_of(row) for row in found}

    def with_learners(self, by: Sequence[str], scope: Scope) -> QuerySet[Any, Any]:
        """Return a query of groups: the ids of `by` (or a constant), ids of learners, and sums."""
        aggregate = self._at_level(by, scope)
        columns = aggregate.columns(DistinctIds(aggregate.path("learner")))
        paths = [aggregate.path(name) for name in by]
        rows = aggregate.within(scope).order_by()
        if not paths:
            rows, paths = rows.annotate(constant=Value(1)), ["constant"]
        found: QuerySet[Any, Any] = (
            rows.values(*paths).annotate(**columns).values_list(*paths, *columns)
        )
        return found

    def columns(self, learners: Expression) -> dict[str, Expression]:
        sums = {
            "sum_learners": learners,
            "sum_n": self.n,
            "sum_total": self.total,
            "sum_weight": self.weight,
        }
        return sums if self.squares is None else sums | {"sum_squares": self.squares}

    def _at_level(self, by: Sequence[str], scope: Scope) -> FactAggregate:
        return self.by_level.get(level_of(by, scope), self)


def level_of(by: Sequence[str], scope: Scope) -> str:
    """Return the finest level that is grouped by or selected: module, run, course or site."""
    if "module" in by or scope.module_id is not None:
        return "module"
    if "run" in by or scope.run_id is not None:
        return "run"
    is_one_course = scope.course_ids is not None and len(scope.course_ids) == 1
    return "course" if "course" in by or is_one_course else "site"


class DistinctIds(Aggregate):
    """The distinct ids in a group, as a JSON list."""

    function = "JSONB_AGG"
    template = "%(function)s(DISTINCT %(expressions)s)"
    output_field = JSONField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)


def sums_of(row: Mapping[str, Any]) -> Sums:
    squares = row.get("sum_squares")
    return Sums(
        n=row["sum_n"] or 0,
        total=float(row["sum_total"] or 0),
        weight=float(row["sum_weight"] or 0),
        squares=None if squares is None else float(squares),
        learners=row["sum_learners"] or 0,
    )


def combine_parts(
    aggregate: Callable[[Period], FactAggregate] | None,
    period: Period,
    scope: Scope,
    parts: Sequence[Sums],
    *,
    learners: AbstractSet[int] | None = None,
) -> Sums:
    """Add up disjoint parts of a scope.

    One learner can be in several parts, so the largest part gives a lower bound of their number.
    If that bound looks like a small group, count precisely: the ids in `learners` if given,
    otherwise the facts. Facts can be newer than the parts, so there are never more learners
    than observations.
    """
    sums = reduce(Sums.__add__, parts, Sums())
    is_bound = sum(1 for part in parts if part.learners) > 1
    if aggregate is None or not is_bound or sums.learners >= settings.KPI_MIN_GROUP:
        return sums
    if learners is not None:
        return replace(sums, learners=len(learners))
    counted = aggregate(period).grouped((), scope)[()]
    return replace(sums, learners=min(counted.learners, sums.n))
