"""Queries that the ORM compiles once, and that run with other values each time.

PLANS = Template(PlannedModule.objects.filter(enrollment__in=given_ids("enrollments")))
DUE = CompiledQuery(PLANS.rows.values_list("pk", "due_at"))
DUE.run(enrollments=[1, 2])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from core.database import given_rows
from core.database.column_values import array_text, json_text

# the values of one column as the database returns them to Python values
Convert = Callable[[Sequence[Any]], Sequence[Any]]


class GivenValues(Expression):
    """Stands for a list of values that is passed, by its name, when the query runs.

    It is one parameter, however many values there are.
    """

    def __init__(self, name: str, output_field: models.Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        if connection.vendor == "postgresql":
            kind = self.output_field.db_type(connection)
            return f"(SELECT unnest(%s::{kind}[]))", (self,)
        return "(SELECT value FROM json_each(%s))", (self,)

    def parameter(self, values: Iterable[Any]) -> Any:
        some = list(values)
        return array_text(some) if connection.vendor == "postgresql" else json_text(some)


def given_ids(name: str) -> GivenValues:
    """Return a placeholder for ids, for a lookup such as `learner__in`."""
    return GivenValues(name, models.BigIntegerField())


def given_texts(name: str) -> GivenValues:
    """Return a placeholder for texts, for a lookup such as `key__in`."""
    return GivenValues(name, models.TextField())


@dataclass(frozen=True, eq=False)
class Template:
    """Rows selected by values that are not known yet."""

    rows: QuerySet[Any]

    def given(self, **values: Iterable[Any]) -> Selection:
        return Selection(self, values)


@dataclass(frozen=True)
class Selection:
    """The rows of a template for some values."""

    template: Template
    values: Mapping[str, Iterable[Any]]

    @property
    def model(self) -> type[models.Model]:
        return self.template.rows.model


class Compiled(NamedTuple):
    """A statement, its parameters (some are placeholders), and what converts its columns."""

    sql: str
    params: Sequence[Any]
    converters: Mapping[int, Convert]


class CompiledQuery:
    """A `values_list` query that is compiled when it first runs."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._rows = rows
        self._compiled: dict[str, Compiled] = {}

    def run(self, **values: Iterable[Any]) -> list[tuple[Any, ...]]:
        compiled = self._compiled.get(connection.vendor) or self._compile()
        params = [
            one.parameter(values[one.name]) if isinstance(one, GivenValues) else one
            for one in compiled.params
        ]
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not rows or not compiled.converters:
            return rows
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for at, convert in compiled.converters.items():
            columns[at] = convert(columns[at])
        return list(zip(*columns, strict=True))

    def _compile(self) -> Compiled:
        compiler = self._rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        found = compiler.get_converters([one[0] for one in compiler.select])
        converters = {at: _converter(*some) for at, some in found.items()}
        compiled = Compiled(sql, params, converters)
        self._compiled[connection.vendor] = compiled
        return compiled


def _converter(converters: Sequence[Callable[..., Any]], expression: Expression) -> Convert:
    if isinstance(expression.output_field, models.DateTimeField) and connection.vendor == "sqlite":
        return lambda values: [given_rows.moment(one) for one in values]

    def convert(values: Sequence[Any]) -> Sequence[Any]:
        for one in converters:
            values = [one(value, expression, connection) for value in values]
        return values

    return convert
