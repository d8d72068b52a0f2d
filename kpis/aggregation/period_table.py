"""A table of periods that a statement joins, so that one statement serves all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from kpis.definitions.periods import Period

NAME = "kpi_period"
COLUMNS: dict[str, models.Field[Any, Any]] = {
    "number": models.IntegerField(),
    "first": models.DateField(),
    "after": models.DateField(),
    "start": models.DateTimeField(),
    "end": models.DateTimeField(),
}
TYPES = {"number": "int", "first": "date", "after": "date"}


class PeriodColumn(Expression):
    """A column of the table of periods, such as their `start`."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=COLUMNS[name])
        self.name = name

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        return f'"{NAME}"."{self.name}"', ()


class EachPeriod:
    """Stands in for a period while a statement is built; any other attribute is an error."""

    number = PeriodColumn("number")
    first, after = PeriodColumn("first"), PeriodColumn("after")
    start, end = PeriodColumn("start"), PeriodColumn("end")


def each_period() -> Period:
    """Return what stands for each of the periods with which the statement will run."""
    return cast(Period, EachPeriod())


def joined(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Join the periods that the rows were cut to."""
    return rows.extra(tables=[NAME])  # noqa: S610


def table_of(
    periods: Mapping[int, Period], connection: BaseDatabaseWrapper
) -> tuple[str, list[Any]]:
    """Return the SQL of a table of periods by their numbers, for a WITH clause; its parameters."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    columns = [
        [field.get_db_prep_value(value, connection) for value in values]
        for field, values in zip(
            COLUMNS.values(),
            zip(*((number, *_row(one)) for number, one in periods.items()), strict=True),
            strict=True,
        )
    ]
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{TYPES.get(name, 'timestamptz')}[]" for name in COLUMNS)
        return f"{NAME} ({names}) AS MATERIALIZED (SELECT * FROM unnest({arrays}))", list(columns)  # noqa: S608
    each = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(COLUMNS)))
    rows = json.dumps(list(zip(*columns, strict=True)))
    return f"{NAME} ({names}) AS MATERIALIZED (SELECT {each} FROM json_each(%s))", [rows]  # noqa: S608


def _row(period: Period) -> tuple[object, ...]:
    return period.first, period.after, period.start, period.end
