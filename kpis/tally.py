"""A tally: fact rows, what is summed and what is counted; grouped by whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, JSONField, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from curriculum.models import Learner
from kpis.stats import Sums

Expression = Aggregate | Combinable
ROWS = Count("pk")
BY = ("course", "run", "module", "learner")


@dataclass(frozen=True)
class Scope:
    """Whose facts are meant: None asks for no restriction."""

    course_ids: frozenset[int] | None = None
    run_id: int | None = None
    module_id: int | None = None
    learner_ids: frozenset[int] | None = None

    @property
    def is_site(self) -> bool:
        return self == Scope()


ENDS = {"course": "run__course", "run": "run", "learner": "learner"}


def path_to(name: str, enrollment: str) -> str:
    """The lookup path to a course, run or learner by way of the enrolment's."""
    return f"{enrollment}__{ENDS[name]}" if enrollment else ENDS[name]


def within(
    rows: QuerySet[Any], scope: Scope, *, enrollment: str = "enrollment", module: str | None = None
) -> QuerySet[Any]:
    """The rows of the scope that count: nobody cancelled, no staff, no test accounts.

    Rows without a path to a module are not narrowed to the scope's module.
    """
    via = f"{enrollment}__" if enrollment else ""
    wanted: dict[str, Any] = {
        f"{via}is_cancelled": False,
        f"{via}learner__kind": Learner.Kind.LEARNER,
    }
    if scope.course_ids is not None:
        wanted[f"{path_to('course', enrollment)}__in"] = scope.course_ids
    if scope.run_id is not None:
        wanted[path_to("run", enrollment)] = scope.run_id
    if scope.learner_ids is not None:
        wanted[f"{path_to('learner', enrollment)}__in"] = scope.learner_ids
    if scope.module_id is not None and module is not None:
        wanted[module] = scope.module_id
    return rows.filter(**wanted)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The rows that count in a period, and their sums.

    `total` ÷ `weight` is the value and `n` the number of observations behind it; means add
    `squares`. `enrollment` is the lookup path from a row to its enrolment ("" where the rows are
    enrolments), `module` the path to its module, None where the KPI has none. `per_module`
    stands in where modules are asked for and other rows tell them apart.
    """

    rows: QuerySet[Any]
    total: Expression
    weight: Expression
    n: Expression = ROWS
    squares: Expression | None = None
    enrollment: str = "enrollment"
    module: str | None = None
    per_module: Tally | None = None

    def path(self, name: str) -> str:
        """The lookup path to a thing asked for; ValueError when these rows have no module."""
        if name == "module":
            if self.module is None:
                raise ValueError("This KPI cannot be told apart by module.")
            return self.module
        return path_to(name, self.enrollment)

    def within(self, scope: Scope) -> QuerySet[Any]:
        """The rows of the scope that count."""
        if scope.module_id is not None:
            self.path("module")
        return within(self.rows, scope, enrollment=self.enrollment, module=self.module)

    def grouped(self, by: Sequence[str] = (), scope: Scope | None = None) -> dict[Any, Sums]:
        """Sums per group in one query, under the tuple of the ids of `by`; () for all."""
        scope = scope or Scope()
        tally = self._told_by(by, scope)
        columns = tally.columns(Count(tally.path("learner"), distinct=True))
        rows = tally.within(scope).order_by()
        if not by:
            return {(): sums_of(rows.aggregate(**columns))}
        paths = [tally.path(name) for name in by]
        found = rows.values(*paths).annotate(**columns)
        return {tuple(row[path] for path in paths): sums_of(row) for row in found}

    def with_learners(self, by: Sequence[str], scope: Scope) -> QuerySet[Any, Any]:
        """The query for the sums per group: the ids of `by`, those of its learners, the sums."""
        tally = self._told_by(by, scope)
        columns = tally.columns(DistinctIds(tally.path("learner")))
        paths = [tally.path(name) for name in by]
        rows = tally.within(scope).order_by().values(*paths)
        found: QuerySet[Any, Any] = rows.annotate(**columns).values_list(*paths, *columns)
        return found

    def columns(self, learners: Expression) -> dict[str, Expression]:
        sums = {
            "sum_learners": learners,
            "sum_n": self.n,
            "sum_total": self.total,
            "sum_weight": self.weight,
        }
        return sums if self.squares is None else sums | {"sum_squares": self.squares}

    def _told_by(self, by: Sequence[str], scope: Scope) -> Tally:
        is_by_module = "module" in by or scope.module_id is not None
        return self.per_module if self.per_module and is_by_module else self


class DistinctIds(Aggregate):
    """The different ids of a group, as a list."""

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
