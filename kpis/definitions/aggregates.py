"""A tally: fact rows, what is summed and what is counted; grouped by whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, JSONField, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from curriculum.models import Learner
from kpis.statistics.intervals import Sums

Expression = Aggregate | Combinable
ROWS = Count("pk")
DIMENSIONS = ("course", "run", "module", "learner")


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
    counted = {f"{via}is_cancelled": False, f"{via}learner__kind": Learner.Kind.LEARNER}
    paths = {name: path_to(name, enrollment) for name in ENDS}
    return rows.filter(**counted, **narrowing(scope, paths | {"module": module}))


def narrowing(scope: Scope, paths: Mapping[str, str | None]) -> dict[str, Any]:
    """The lookups that keep to the scope; what has no path is not narrowed."""
    wanted = {
        "course": ("__in", scope.course_ids),
        "run": ("", scope.run_id),
        "learner": ("__in", scope.learner_ids),
        "module": ("", scope.module_id),
    }
    return {
        f"{paths[name]}{lookup}": ids
        for name, (lookup, ids) in wanted.items()
        if ids is not None and paths.get(name)
    }


@dataclass(frozen=True, kw_only=True)
class FactAggregate:
    """The rows that count in a period, and their sums.

    `total` ÷ `weight` is the value and `n` the number of observations behind it; means add
    `squares`. `enrollment` is the lookup path from a row to its enrolment ("" where the rows are
    enrolments), `module` the path to its module, None where the KPI has none.

    Rows that have no enrolment (None) name the `places` that they do have, by lookup path:
    course, run, and as learner whoever is counted for the rule of small groups. They leave out
    by themselves who does not count.

    `by_level` has the tally that stands in where runs, courses or modules are told apart or
    asked for alone: {"module": …, "run": …, "course": …}, such as the latest answer within one.
    `among` gives the rows of several courses by their ids, where those are not simply the rows
    of all that lie in them: the latest answer of all may lie in another.
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

    def path(self, name: str) -> str:
        """The lookup path to a thing asked for; ValueError when these rows have none."""
        path = self.paths.get(name)
        if path is None:
            raise ValueError(f"This KPI cannot be told apart by {name}.")
        return path

    @property
    def paths(self) -> dict[str, str | None]:
        module = {"module": self.module}
        if self.enrollment is None:
            return module | dict(self.places)
        return module | {name: path_to(name, self.enrollment) for name in ENDS}

    def within(self, scope: Scope) -> QuerySet[Any]:
        """The rows of the scope that count."""
        if scope.module_id is not None:
            self.path("module")
        if scope.run_id is not None:
            self.path("run")
        rows = self.rows
        if self.among and scope.course_ids is not None and len(scope.course_ids) > 1:
            rows = self.among(scope.course_ids)
        if self.enrollment is None:
            return rows.filter(**narrowing(scope, self.paths))
        return within(rows, scope, enrollment=self.enrollment, module=self.module)

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
        """The query for the sums per group: the ids of `by`, those of its learners, the sums.

        Its rows begin with one column even where nothing is told apart.
        """
        tally = self._told_by(by, scope)
        columns = tally.columns(DistinctIds(tally.path("learner")))
        paths = [tally.path(name) for name in by]
        rows = tally.within(scope).order_by()
        if not paths:
            rows, paths = rows.annotate(everything=Value(1)), ["everything"]
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

    def _told_by(self, by: Sequence[str], scope: Scope) -> FactAggregate:
        return self.by_level.get(level_of(by, scope), self)


def level_of(by: Sequence[str], scope: Scope) -> str:
    """The finest thing that is told apart or asked for alone: module, run, course or site."""
    if "module" in by or scope.module_id is not None:
        return "module"
    if "run" in by or scope.run_id is not None:
        return "run"
    is_one_course = scope.course_ids is not None and len(scope.course_ids) == 1
    return "course" if "course" in by or is_one_course else "site"


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
