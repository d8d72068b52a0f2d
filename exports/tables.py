"""What an exported table is: one declaration makes its API, its change log and its SQL view."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pyarrow as pa
from django.db import models
from django.db.models import F, Model, QuerySet

from core.registry import Registry

UTC_MOMENT = pa.timestamp("us", tz="UTC")
# by kind of field; the first that fits counts
TYPES: tuple[tuple[type[models.Field[Any, Any]], str, pa.DataType], ...] = (
    (models.BooleanField, "boolean", pa.bool_()),
    (models.DateTimeField, "timestamp", UTC_MOMENT),
    (models.DateField, "date", pa.date32()),
    (models.FloatField, "number", pa.float64()),
    (models.DecimalField, "number", pa.float64()),
    (models.CharField, "text", pa.string()),
    (models.ForeignKey, "integer", pa.int64()),
    (models.IntegerField, "integer", pa.int64()),
)


@dataclass(frozen=True)
class Column:
    """A column with its unit and meaning.

    `source` is the path of the field, the column's name if empty. Only columns of the row itself
    and of rows that the table `follows` are sound: other rows change without notice. A column `of`
    something, such as a learner, is an id that a pseudonym replaces.
    """

    name: str
    unit: str
    meaning: str
    source: str = ""
    of: str = ""

    @property
    def path(self) -> str:
        return self.source or self.name

    def field(self, model: type[Model]) -> models.Field[Any, Any]:
        *through, last = self.path.split("__")
        for name in through:
            model = model._meta.get_field(name).related_model  # type: ignore[assignment]
        found: models.Field[Any, Any] = model._meta.get_field(last)  # type: ignore[assignment]
        if isinstance(found, models.GeneratedField):
            return cast("models.Field[Any, Any]", found.output_field)
        return found

    def types(self, model: type[Model]) -> tuple[str, pa.DataType]:
        """Return the type in words and that of Arrow."""
        if self.of:
            return "text", pa.string()
        field = self.field(model)
        for kind, name, arrow in TYPES:
            if isinstance(field, kind):
                return name, arrow
        raise TypeError(f"{model._meta.label}.{self.path}: {type(field).__name__} has no type yet.")


@dataclass(frozen=True)
class Follows:
    """Rows of another model whose changes change those of the table: `path` leads to them."""

    model: type[Model]
    path: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ExportedTable:
    """A table that can be pulled and is a view.

    `course` is the path to the id of the course, by which keys are limited; None if rows belong to
    no course. `is_detailed`: the rows reveal small groups, or single people.
    """

    name: str
    model: type[Model]
    meaning: str
    columns: tuple[Column, ...]
    course: str | None
    is_detailed: bool = True
    follows: Sequence[Follows] = ()

    @cached_property
    def schema(self) -> pa.Schema:
        fields = [
            pa.field(one.name, one.types(self.model)[1], metadata=_described(one))
            for one in self.columns
        ]
        return pa.schema(fields)

    @property
    def version(self) -> str:
        """A digest of the columns: a copy with others must start again."""
        described = repr([(one.name, one.path, one.of) for one in self.columns])
        return hashlib.sha256(described.encode()).hexdigest()[:8]

    def rows(self) -> QuerySet[Any]:
        return QuerySet(self.model)

    def select(self, rows: QuerySet[Any]) -> QuerySet[Any, tuple[Any, ...]]:
        """Return the values of the columns, in their order."""
        # each under a name of its own, since a column may be named like another field
        named = {f"column_{at}": F(one.path) for at, one in enumerate(self.columns)}
        values: QuerySet[Any, tuple[Any, ...]]
        values = rows.order_by("pk").annotate(**named).values_list(*named)
        return values


def _described(column: Column) -> dict[str, str]:
    return {"unit": column.unit, "meaning": column.meaning}


TABLES: Registry[ExportedTable] = Registry("Exported table")  # not translated: internal


def export(table: ExportedTable) -> ExportedTable:
    """Register a table; the first column is its id."""
    if table.columns[0].path != "id":
        raise ValueError(f"The first column of {table.name} must be its id.")
    TABLES.register(table.name, table)
    return table


def row_id(of: str) -> Column:
    return Column("id", "", f"Identifies {of}; never used again for another.")


def refers(name: str, to: str, *, source: str = "") -> Column:
    """Return a column with the id of a row in another exported table."""
    return Column(name, "", f"`id` in `{to}`.", source or name)
