"""Look facts up for the enrollments of some courses, however many facts others have.

SQLite does not know how few enrollments these are. It would read all facts of the periods, or begin
with another small table, such as the modules of the whole site.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import Col, RawSQL
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from curriculum.models import Enrollment

# tables of a WITH clause
COURSES, ENROLLMENTS = "kpi_course", "kpi_enrollment"


@cache
def table() -> str:
    """Return the SQL of a table of the enrollments of COURSES, for a WITH clause."""
    courses: Any = RawSQL(f"SELECT id FROM {COURSES}", ())  # noqa: S608, S611
    rows = Enrollment.objects.filter(run__course__in=courses).order_by().values("pk")
    return f"{ENROLLMENTS} (id) AS MATERIALIZED ({rows.query})"


def joined(rows: QuerySet[Any], enrollment: str) -> QuerySet[Any]:
    """Keep the rows of these enrollments, given the lookup path to them; `Compiler` joins them."""
    return rows.filter(**{enrollment: RawSQL(f"{ENROLLMENTS}.id", ())})  # noqa: S611


class Compiler(SQLCompiler):
    """Joins in a fixed order: the enrollments, the rows that name them, and what these lead to."""

    def __init__(self, query: Query, connection: BaseDatabaseWrapper, enrollment: str) -> None:
        """Take the name of the annotation that selects the enrollment of each row."""
        super().__init__(query, connection, None)
        self.enrollment = enrollment

    def get_from_clause(self) -> tuple[list[str], tuple[str | int, ...]]:
        clauses, params = super().get_from_clause()
        used = [one for one, count in self.query.alias_refcount.items() if count]
        joins = dict(zip(used, clauses, strict=False))
        at: str | None = cast(Col, self.query.annotations[self.enrollment]).alias
        found, condition = [ENROLLMENTS], ""
        # from the table that names the enrollment back to the facts
        while at is not None:
            name, _, next_condition = joins.pop(at).removeprefix("INNER JOIN ").partition(" ON ")
            found.append(f"CROSS JOIN {name}{condition}")
            at, condition = self.query.alias_map[at].parent_alias, f" ON {next_condition}"
        found += [one.replace("INNER JOIN", "CROSS JOIN", 1) for one in joins.values()]
        return [*found, *clauses[len(used) :]], params
