"""Read the stored rows of many KPIs and periods, in one statement per table.

The statements are constant and return plain rows: most of them are only compared.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, cast

from django.db import connection

from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import (
    CompositeMeasurement,
    Measurement,
    columns_of,
    composite_columns_of,
    composite_sums_from,
    sums_from,
)
from kpis.statistics.intervals import Sums


@dataclass(frozen=True)
class Table:
    """Where the cells of a KPI are stored, and what their columns mean."""

    model: type[Measurement | CompositeMeasurement]
    sums_from: Callable[..., Sums]
    columns_of: Callable[[Sums], tuple[Any, ...]]


MEASUREMENTS = Table(Measurement, sums_from, columns_of)
COMPOSITES = Table(CompositeMeasurement, composite_sums_from, composite_columns_of)


def table_of(indicator: Indicator) -> Table:
    return COMPOSITES if indicator.parts else MEASUREMENTS


# the kind and first day of a period
PeriodKey = tuple[str, date]
# a scope, its id, and the kind and first day of a period
Key = tuple[str, int, str, date]


class StoredRow:
    """A stored measurement as the database returns it; most rows are only compared."""

    __slots__ = ("row", "table")

    def __init__(self, table: Table, row: tuple[Any, ...]) -> None:
        self.table, self.row = table, row

    @property
    def pk(self) -> int:
        return cast(int, self.row[1])

    @property
    def scope(self) -> str:
        return cast(str, self.row[2])

    @property
    def scope_id(self) -> int:
        return cast(int, self.row[3])

    @property
    def course_id(self) -> int | None:
        return cast("int | None", self.row[4])

    @property
    def definition_version(self) -> int:
        return cast(int, self.row[7])

    @property
    def computed_at(self) -> datetime:
        return _moment(self.row[8])

    @property
    def restated_at(self) -> datetime | None:
        return None if self.row[9] is None else _moment(self.row[9])

    @property
    def columns(self) -> tuple[Any, ...]:
        """Return the columns of its sums."""
        return self.row[10:]

    @property
    def sums(self) -> Sums:
        if self.table is COMPOSITES:
            n, learners, crosses = self.columns
            return composite_sums_from(n, learners, json.loads(crosses))
        return self.table.sums_from(*self.columns)


def _moment(value: Any) -> datetime:
    """Return the moment in a column, which on SQLite is read as text: converting takes long."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


# stored rows by the key of their KPI, and by their own
Stored = dict[str, dict[Key, StoredRow]]


def rows_of(
    indicators: Iterable[Indicator],
    places: Iterable[tuple[int, Period]],
    periods: Iterable[Period] = (),
) -> Stored:
    """Return all rows of courses, each given with a period, and of the site in these periods."""
    of_courses = {(course, one.kind, one.first) for course, one in places}
    of_site = {(None, one.kind, one.first) for one in periods}
    return _read(_of_courses_and_site, indicators, of_courses | of_site)


def all_rows_of(indicators: Iterable[Indicator], periods: Iterable[Period]) -> Stored:
    """Return all rows in these periods: a course at a time, finding most of them takes longer."""
    return _read(_of_everything, indicators, {(None, one.kind, one.first) for one in periods})


def rows_of_all_courses(indicators: Iterable[Indicator], periods: Iterable[Period]) -> Stored:
    """Return the rows whose sum the site is: one per course, unless it is empty."""
    return _read(_of_all_courses, indicators, {(None, one.kind, one.first) for one in periods})


def _read(
    statement: Callable[[Table, str], str],
    indicators: Iterable[Indicator],
    places: Collection[tuple[int | None, str, date]],
) -> Stored:
    found: Stored = defaultdict(dict)
    # a day comes back as it was given: on SQLite as text
    days: dict[Any, date] = {text: day for _, _, day in places for text in (day, day.isoformat())}
    by_table: dict[Table, list[str]] = defaultdict(list)
    for one in indicators:
        by_table[table_of(one)].append(one.key)
    for table, keys in by_table.items() if places else ():
        with connection.cursor() as cursor:
            cursor.execute(statement(table, connection.vendor), _params(keys, places))
            for row in cursor.fetchall():
                key = (row[2], row[3], row[5], days[row[6]])
                found[row[0]][key] = StoredRow(table, row)
    return found


def _params(keys: list[str], places: Collection[tuple[int | None, str, date]]) -> list[Any]:
    if connection.vendor == "sqlite":
        return [json.dumps(keys), json.dumps(list(places), default=date.isoformat)]
    # arrays, since the planner knows how long they are
    return [keys, *(list(column) for column in zip(*places, strict=True))]


# safe: only names of our own models; the order of the joins is meant, from few rows to many
GIVEN = {
    "sqlite": """
        WITH keys AS MATERIALIZED (SELECT value AS kpi FROM json_each(%s)),
        places AS MATERIALIZED (
            SELECT json_extract(value, '$[0]') AS course_id,
            json_extract(value, '$[1]') AS kind, json_extract(value, '$[2]') AS first
            FROM json_each(%s)
        )""",
    "postgresql": """
        WITH keys AS MATERIALIZED (SELECT unnest(%s::text[]) AS kpi),
        places AS MATERIALIZED (
            SELECT * FROM unnest(%s::bigint[], %s::text[], %s::date[])
            AS one (course_id, kind, first)
        )""",
}
STORED_AT = """
    keys CROSS JOIN places CROSS JOIN {table} AS stored
    WHERE stored.kpi = keys.kpi
    AND stored.period_kind = places.kind AND stored.period_start = places.first
"""


@cache
def _of_courses_and_site(table: Table, vendor: str) -> str:
    rows = _rows_at(table, vendor)
    return f"""
        {GIVEN[vendor]}
        {rows} AND stored.course_id = places.course_id
        UNION ALL
        {rows} AND places.course_id IS NULL AND stored.scope = 'site' AND stored.scope_id = 0
    """


@cache
def _of_everything(table: Table, vendor: str) -> str:
    return f"{GIVEN[vendor]} {_rows_at(table, vendor)}"


@cache
def _of_all_courses(table: Table, vendor: str) -> str:
    return f"{GIVEN[vendor]} {_rows_at(table, vendor)} AND stored.scope = 'course' AND stored.n > 0"


def _rows_at(table: Table, vendor: str) -> str:
    as_text = "CAST(stored.{} AS text)" if vendor == "sqlite" else "stored.{}"
    names = ("kpi", "id", "scope", "scope_id", "course_id", "period_kind")
    columns = [
        *(f"stored.{name}" for name in names),
        "places.first",
        "stored.definition_version",
        *(as_text.format(name) for name in ("computed_at", "restated_at")),
        *(f"stored.{name}" for name in table.model.SUMS),
    ]
    stored_at = STORED_AT.format(table=table.model._meta.db_table)
    return f"SELECT {', '.join(columns)} FROM {stored_at}"  # noqa: S608
