"""Look facts up for the enrollments of some courses, however many facts others have.

SQLite does not know how few enrollments these are. It would read all facts of the periods, or begin
with another small table, such as the modules of the whole site.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

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
