"""Convert Python values to the values of database columns, a column at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache, partial
from types import NoneType
from typing import Any, TypeAlias

from django.db import connection, models

Row = Sequence[Any]
Field: TypeAlias = "models.Field[Any, Any]"
# the values of one column to those that its database stores
Convert = Callable[[Sequence[Any]], Sequence[Any]]

# a value of exactly this type needs no conversion for such a column
PLAIN: tuple[tuple[type[Field], type], ...] = (
    (models.IntegerField, int),
    (models.BooleanField, bool),
    (models.CharField, str),
    (models.TextField, str),
    (models.FloatField, float),
)


def prepare(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """Convert rows of these columns (database column names)."""
    given = list(zip(*rows, strict=True))
    if not given:
        return []
    converters = _converters(model, tuple(columns), connection.vendor)
    pairs = zip(converters, given, strict=True)
    return list(zip(*(convert(values) for convert, values in pairs), strict=True))


@cache
def _converters(
    model: type[models.Model], columns: tuple[str, ...], vendor: str
) -> tuple[Convert, ...]:
    by_column = {field.column: field for field in model._meta.concrete_fields}
    return tuple(_converter(by_column[name], vendor) for name in columns)


def _converter(field: Field, vendor: str) -> Convert:
    column = field.target_field if isinstance(field, models.ForeignKey) else field
    plain, convert = _conversion(column, is_text=vendor != "postgresql")
    return partial(_convert, {plain, NoneType}, convert)


def _conversion(column: Field, *, is_text: bool) -> tuple[type, Convert]:
    """Return the type that needs no conversion, and the conversion of all others.

    Where a database has no type of its own for dates and JSON, it stores their text.
    """
    if isinstance(column, models.DateTimeField):
        return (NoneType, _utc_texts) if is_text else (datetime, partial(_each_once, column))
    if isinstance(column, models.DateField):
        return (NoneType, _texts) if is_text else (date, partial(_each_once, column))
    if isinstance(column, models.JSONField):
        return NoneType, partial(_json_texts, column.encoder)
    plain = next((kind for of, kind in PLAIN if isinstance(column, of)), NoneType)
    return plain, partial(_each_once, column)


def _convert(plain: set[type], convert: Convert, values: Sequence[Any]) -> Sequence[Any]:
    return values if {*map(type, values)} <= plain else convert(values)


def _utc_texts(moments: Sequence[datetime | None]) -> list[str | None]:
    # without the "+00:00"; thousands of rows may share one object, whose id is quickly compared
    objects = {id(at): at for at in moments}
    texts = {key: str(at.astimezone(UTC))[:-6] if at else None for key, at in objects.items()}
    return [texts[id(at)] for at in moments]


def _texts(days: Sequence[date | None]) -> list[str | None]:
    return [str(day) if day else None for day in days]


def _json_texts(encoder: type[json.JSONEncoder] | None, values: Sequence[Any]) -> list[str | None]:
    # most events have no data
    return [
        "{}" if value == {} else None if value is None else json.dumps(value, cls=encoder)
        for value in values
    ]


def _each_once(field: Field, values: Sequence[Any]) -> list[Any]:
    # most columns repeat a few values
    known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [known[value] for value in values]


def array_text(values: Collection[Any]) -> str:
    """Return an array as PostgreSQL writes it, which takes psycopg several times as long."""
    if {*map(type, values)} <= {int, float}:
        return f"{{{','.join(map(str, values))}}}"
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
