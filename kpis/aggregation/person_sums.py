"""What each person contributes to KPIs in many periods, read from the facts in one statement.

A database adds up rows faster than it returns them, and Python reads a column faster from a text
with all of its numbers than from a row for each: so what is read of a KPI is one row of columns.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
from django.db import connection, models
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Col, RawSQL
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from kpis.aggregation import enrollments_first, fixed_joins, period_table
from kpis.aggregation.enrollments_first import COURSES, ENROLLMENTS
from kpis.aggregation.fact_rows import RowSums
from kpis.aggregation.grouped_sums import PERSON, TOTAL, WEIGHT, N
from kpis.aggregation.people import People, Whole
from kpis.definitions.facts import Facts
from kpis.definitions.periods import Period
from kpis.definitions.scopes import FROM_ENROLLMENT, Scope, path_to

PERIOD, GROUP, PARENT = "kpi_number", "kpi_group", "kpi_parent"
SUMS = (N, TOTAL, WEIGHT)
COLUMNS = (PERIOD, GROUP, PARENT, PERSON, *SUMS)
# so many facts are read by their dates in the time that looking up one enrollment takes
FACTS_PER_ENROLLMENT = 4
Level = Literal["site", "course", "run", "module"]
DIMENSIONS: dict[Level, tuple[str, ...]] = {
    "site": (),
    "course": ("course",),
    "run": ("run",),
    "module": ("module", "course"),
}


@dataclass(frozen=True)
class Reading:
    """What to read of some facts, in periods by their numbers: per person in groups of a level.

    With `courses`, only what belongs to these. `by_enrollment`: persons are the ids of enrollments,
    canceled and uncounted ones among them, and the runs and courses that follow from these are
    left at 0. So no joins are needed.
    """

    facts: Facts
    level: Level
    periods: Mapping[int, Period]
    courses: frozenset[int] | None = None
    by_enrollment: bool = False


@dataclass(frozen=True)
class Read:
    """The rows that were read. `parent` is the course of each row, if its group is a module."""

    people: People
    parent: Whole


def can_be_read_by_enrollment(facts: Facts) -> bool:
    """Return whether course, run and person of a row are those of its enrollment."""
    if facts.enrollment is None or facts.person != facts.people:
        return False
    paths = (facts.course, facts.run, facts.person)
    return paths == tuple(path_to(name, facts.enrollment) for name in FROM_ENROLLMENT)


def adds_up(reading: Reading) -> bool:
    """Return whether what a person contributes in a period is what its rows do, merged.

    It is, unless different values are counted, or the period is compared with anything but the
    date of each row: a learner's latest answer in a month is one of the latest of its days.
    """
    if reading.facts.until:
        return False
    built = _built(reading)
    name = f'"{period_table.NAME}".'
    bounds = built.sql.count(name) - built.sql.count(f'{name}"number"')
    return built.row_sums is not None and bounds == 2


def read(readings: Sequence[Reading]) -> list[Read]:
    """Read all of it in one statement; a number stands for the same period in all readings.

    The rows are still to be `merged`. On SQLite, another statement finds out first how to look up
    the facts of some courses.
    """
    if not readings:
        return []
    few = _with_few_facts(readings)
    readings = [replace(one, courses=None) if id(one.facts) in few else one for one in readings]
    selects, params = [], list[Any]()
    tables: dict[tuple[int, ...], tuple[str, list[Any]]] = {}
    for at, reading in enumerate(readings):
        numbers = tuple(reading.periods)
        if numbers not in tables:
            tables[numbers] = period_table.table_of(reading.periods, connection)
        select, own = _select(reading, *tables[numbers])
        selects.append(f"SELECT {at}, {select}")
        params += own
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), params)
        rows = {at: lists for at, *lists in cursor.fetchall()}
    return [_parsed(_built(one), *rows[at]) for at, one in enumerate(readings)]


def merged(reading: Reading, read: Read) -> Read:
    """Make one row of those of one person in the same group and period."""
    row_sums = _built(reading).row_sums
    return read if row_sums is None else Read(*row_sums.merged(read.people, read.parent, SUMS))


def _select(reading: Reading, tables: str, params: list[Any]) -> tuple[str, list[Any]]:
    """Return the SQL of a reading and its parameters, given those of its table of periods.

    Each has tables of its own: SQLite knows how many rows a table of a WITH clause has only where
    it is first used, and would start at the facts elsewhere.
    """
    tables, params = _tables(reading, tables, params)
    built = _built(reading)
    return f"{built.columns} FROM (WITH {tables} {built.sql}) AS people", [*params, *built.params]


def _tables(reading: Reading, periods: str, params: list[Any]) -> tuple[str, list[Any]]:
    """Return the SQL of the tables of a reading, given that of its periods; and parameters."""
    if reading.courses is None:
        return periods, params
    ids, more = _ids(reading.courses)
    tables = f"{periods}, {COURSES} (id) AS ({ids})"
    if _is_by_enrollments_of_courses(reading):
        tables = f"{tables}, {enrollments_first.table()}"
    return tables, [*params, *more]


def _is_by_enrollments_of_courses(reading: Reading) -> bool:
    """Return whether facts are looked up for the enrollments of courses, and not by their dates.

    PostgreSQL finds out by itself which is shorter.
    """
    is_limited = reading.by_enrollment and reading.courses is not None
    return is_limited and connection.vendor == "sqlite"


def _with_few_facts(readings: Sequence[Reading]) -> set[int]:
    """Return the ids of facts of which there are fewer in the periods than courses have
    enrollments: these are found sooner by date, however long the history of a course is.
    """
    of_courses = [one for one in readings if _is_by_enrollments_of_courses(one)]
    # the first reading of the same facts has all periods
    first = {id(one.facts): one for one in reversed(of_courses)}
    if not first:
        return set()
    selects, params = [], list[Any]()
    for name, reading in first.items():
        tables, own = _tables(reading, *period_table.table_of(reading.periods, connection))
        rows, last = _rows_in_periods(reading.facts)
        most = f"(SELECT {FACTS_PER_ENROLLMENT} * COUNT(*) FROM {ENROLLMENTS})"  # noqa: S608
        selects.append(
            f"SELECT {name} FROM (WITH {tables} SELECT COUNT(*) AS found, {most} AS most"  # noqa: S608
            f" FROM ({rows} LIMIT {most})) WHERE found < most"
        )
        params += [*own, *last]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), params)
        return {name for (name,) in cursor.fetchall()}


# as with _BUILT
_IN_PERIODS: dict[int, tuple[Facts, tuple[str, tuple[Any, ...]]]] = {}


def _rows_in_periods(facts: Facts) -> tuple[str, tuple[Any, ...]]:
    if id(facts) not in _IN_PERIODS:
        rows: QuerySet[Any] = QuerySet(facts.model)
        dated = rows.filter(facts.condition_in(period_table.each_period()))
        query = period_table.joined(dated).order_by().values_list(Value(1)).query
        sql, params = query.get_compiler(connection=connection).as_sql()
        _IN_PERIODS[id(facts)] = facts, (sql, tuple(params))
    return _IN_PERIODS[id(facts)][1]


def _ids(courses: Collection[int]) -> tuple[str, list[Any]]:
    some = sorted(courses)
    if connection.vendor == "postgresql":
        return "SELECT unnest(%s::bigint[])", [some]
    return "SELECT value FROM json_each(%s)", [json.dumps(some)]


@dataclass(frozen=True)
class Built:
    """The statement of a reading: its columns, and the query of its people.

    `constants` are the columns that are the same in all rows, and are not read. `row_sums` is what
    rows add to the sums of a person; None if the query adds them up.
    """

    columns: str
    sql: str
    params: tuple[Any, ...]
    constants: Mapping[str, int]
    row_sums: RowSums | None


# building a statement takes longer than running it; each entry also keeps its facts alive
_BUILT: dict[tuple[object, ...], tuple[Facts, Built]] = {}


def _built(reading: Reading) -> Built:
    how = (reading.level, reading.by_enrollment, reading.courses is None)
    key = (id(reading.facts), *how, connection.vendor)
    if key not in _BUILT:
        people, row_sums = _people(reading)
        sql, params = _compiler(reading, people.query).as_sql()
        fields = people.query.annotations
        constants = {
            name: one.value
            for name, one in fields.items()
            if isinstance(one, Value) and type(one.value) is int
        }
        listed = [name for name in fields if name not in constants]
        columns = ", ".join(
            _listed(name, fields[name].output_field) if name in listed else "CAST(NULL AS TEXT)"
            for name in COLUMNS
        )
        _BUILT[key] = (
            reading.facts,
            Built(f"COUNT(*), {columns}", sql, tuple(params), constants, row_sums),
        )
    return _BUILT[key][1]


def _compiler(reading: Reading, query: Query) -> SQLCompiler:
    """Return a compiler that joins from few rows to many, which SQLite does not know."""
    if _is_by_enrollments_of_courses(reading):
        person = cast(Col, query.annotations[PERSON]).alias
        return fixed_joins.Compiler(query, connection, ENROLLMENTS, person)
    if connection.vendor == "sqlite" and reading.courses is None:
        dated = cast(Col, query.resolve_ref(reading.facts.at)).alias
        return fixed_joins.Compiler(query, connection, f'"{period_table.NAME}"', dated)
    compiler: SQLCompiler = query.get_compiler(connection=connection)
    return compiler


def _people(reading: Reading) -> tuple[QuerySet[Any, Any], RowSums | None]:
    """Return a query of what each person contributes in each group and period.

    If possible, it is one of what each row does, which is returned, too.
    """
    facts, dimensions = reading.facts, DIMENSIONS[reading.level]
    rows, ratio = facts.select(period_table.each_period(), dimensions, **_limits(reading))
    dimensions = tuple(one for one in dimensions if one == "module" or not reading.by_enrollment)
    groups = dict(zip((GROUP, PARENT), map(facts.path, dimensions), strict=False))
    rows = period_table.joined(rows).filter(
        **{f"{path}__isnull": False for path in groups.values()}
    )
    person = (facts.enrollment or "pk") if reading.by_enrollment else facts.path("people")
    if _is_by_enrollments_of_courses(reading):
        rows = enrollments_first.joined(rows, person)
    keys: dict[str, Any] = {name: F(path) for name, path in groups.items()}
    keys |= {PERIOD: period_table.EachPeriod.number, PERSON: F(person)}
    sums = {N: ratio.n, TOTAL: ratio.total, WEIGHT: ratio.weight}
    row_sums = RowSums.of(sums, person)
    if ratio.weight == ratio.n:
        del sums[WEIGHT]
    found: QuerySet[Any, Any]
    if row_sums is None:
        found = rows.annotate(**keys).values(*keys).annotate(**sums)
    else:
        of_rows = {name: row_sums.expressions[name] for name in sums}
        found = rows.annotate(**keys, **of_rows).values(*keys, *of_rows)
    return found, row_sums


def _limits(reading: Reading) -> dict[str, Any]:
    """Return how the facts are limited to the courses of a reading and to those who count."""
    any_enrollment = {"of_any_enrollment": reading.by_enrollment}
    if reading.courses is None or _is_by_enrollments_of_courses(reading):
        return any_enrollment
    courses: Any = RawSQL(f"SELECT id FROM {COURSES}", ())  # noqa: S608, S611
    return any_enrollment | {"scope": Scope(course_ids=courses)}


def _listed(name: str, field: models.Field[Any, Any]) -> str:
    """Return the SQL of a list of all values of a column, as text that loses no digit."""
    value = f"COALESCE({name}, 0)"
    if connection.vendor == "postgresql":
        return f"STRING_AGG({value}::text, ',')"
    is_whole = isinstance(field, models.IntegerField | models.ForeignKey)
    return f"GROUP_CONCAT({value if is_whole else f'QUOTE({value})'})"


def _parsed(built: Built, size: int, *lists: str | None) -> Read:
    texts = dict(zip(COLUMNS, lists, strict=True))

    def numbers(name: str, kind: Any) -> Any:
        text = texts[name]
        if text:
            return np.fromstring(text, kind, size, sep=",")
        return np.full(size, built.constants.get(name, 0), kind)

    period, group, person, n = (numbers(one, np.int64) for one in (PERIOD, GROUP, PERSON, N))
    # a weight that is the number of observations is not read twice
    weight = WEIGHT if texts[WEIGHT] or WEIGHT in built.constants else N
    y, x = numbers(TOTAL, np.float64), numbers(weight, np.float64)
    return Read(People(period, group, person, n, y, x), numbers(PARENT, np.int64))
