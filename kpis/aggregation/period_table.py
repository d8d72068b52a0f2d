"""A table of periods that a statement joins, so that one statement serves all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from kpis.definitions.periods import Period

NAME = "kpi_period"
COLUMNS: dict[str, models.Field[Any, Any]] = {
    "number": models.IntegerField(),
    "kind": models.CharField(),
    "first": models.DateField(),
    "after": models.DateField(),
    "start": models.DateTimeField(),
    "end": models.DateTimeField(),
}
TYPES = {"number": "int", "kind": "text", "first": "date", "after": "date"}


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

    number, kind = PeriodColumn("number"), PeriodColumn("kind")
    first, after = PeriodColumn("first"), PeriodColumn("after")
    start, end = PeriodColumn("start"), PeriodColumn("end")


def each_period() -> Period:
    """Return what stands for each of the periods with which the statement will run."""
    return cast(Period, EachPeriod())


def joined(rows: QuerySet[Any], kinds: Q) -> QuerySet[Any]:
    """Join the periods (of these kinds) that the rows were cut to."""
    found: QuerySet[Any] = rows.alias(kpi_kind=EachPeriod.kind).filter(kinds)
    return found.extra(tables=[NAME])  # noqa: S610


def table_of(periods: Sequence[Period], connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """Return the SQL of the table, for a WITH clause, and its parameters.

    The `number` of a period is its place in the sequence.
    """
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    columns = [
        [field.get_db_prep_value(value, connection) for value in values]
        for field, values in zip(
            COLUMNS.values(),
            zip(*((at, *_row(one)) for at, one in enumerate(periods)), strict=True),
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
    return period.kind, period.first, period.after, period.start, period.end
