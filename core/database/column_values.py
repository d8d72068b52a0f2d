"""Convert Python values to the values of database columns, a column at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache, partial
from types import NoneType
from typing import Any, TypeAlias, cast
from uuid import UUID

from django.db import connection, models
from pydantic_core import from_json, to_json

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
        return (NoneType, utc_texts) if is_text else (datetime, partial(_each_once, column))
    if isinstance(column, models.DateField):
        return (NoneType, _texts) if is_text else (date, partial(_each_once, column))
    if isinstance(column, models.UUIDField):
        return NoneType, _uuid_texts
    if isinstance(column, models.JSONField):
        return NoneType, partial(_json_texts, column.encoder)
    plain = next((kind for of, kind in PLAIN if isinstance(column, of)), NoneType)
    return plain, partial(_each_once, column)


def _convert(plain: set[type], convert: Convert, values: Sequence[Any]) -> Sequence[Any]:
    return values if {*map(type, values)} <= plain else convert(values)


def utc_texts(moments: Sequence[datetime | None]) -> list[str | None]:
    """Return moments as SQLite stores them, such as 2026-03-31 09:30:00."""
    if len(moments) > 1 and moments.count(moments[0]) == len(moments):
        # all events of a batch were received at once
        return utc_texts(moments[:1]) * len(moments)
    # all at once, which takes a third of the time of one str() for each
    written = to_json([at and at.astimezone(UTC) for at in moments])
    return cast("list[str | None]", from_json(written.replace(b"T", b" ").replace(b"Z", b"")))


def _texts(days: Sequence[date | None]) -> list[str | None]:
    return [str(day) if day else None for day in days]


def _uuid_texts(values: Sequence[UUID | None]) -> list[str | None]:
    # PostgreSQL reads this form, too
    return [None if value is None else value.hex for value in values]


def _json_texts(encoder: type[json.JSONEncoder] | None, values: Sequence[Any]) -> list[str | None]:
    # json.dumps takes ten times as long
    write = partial(json.dumps, cls=encoder) if encoder else _json_text
    return [None if value is None else write(value) for value in values]


def _json_text(value: Any) -> str:
    # most events have no data
    return "{}" if value == {} else to_json(value).decode()


def _each_once(field: Field, values: Sequence[Any]) -> list[Any]:
    # most columns repeat a few values
    known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [known[value] for value in values]


def json_text(values: Sequence[Any]) -> str:
    """Return values or rows as JSON, which SQLite reads as a table; faster than json.dumps."""
    return to_json(values).decode()


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
