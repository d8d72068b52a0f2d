"""Rows that are passed to a statement as one table, for SQL that works with whole batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from core.database import queries
from core.database.column_values import array_text, json_text, utc_texts

# PostgreSQL's name for the type of a column; SQLite needs none
TYPES = {
    int: "bigint",
    bool: "boolean",
    float: "double precision",
    str: "text",
    date: "date",
    datetime: "timestamptz",
}


def select(statement: str, columns: Mapping[str, type], rows: Iterable[Sequence[Any]]) -> Any:
    """Run a SELECT in which `{rows}` stands for a table of these rows; return what it finds.

    Moments come back as the database returns them: see `moment`.
    """
    params = parameters(columns, rows)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(rows=table(columns)), params)
        return cursor.fetchall()


def table(columns: Mapping[str, type]) -> str:
    """Return SQL for a table with these columns, whose parameters are those of `parameters`."""
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{TYPES[kind]}[]" for kind in columns.values())
        return f"unnest({arrays}) AS given ({', '.join(columns)})"
    each = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(columns))
    return f"(SELECT {each} FROM json_each(%s)) AS given"  # noqa: S608


def parameters(columns: Mapping[str, type], rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Return the parameters of `table` for these rows."""
    given = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    if connection.vendor == "postgresql":
        return list(map(array_text, given))
    pairs = zip(columns.values(), given, strict=True)
    stored = [utc_texts(values) if kind is datetime else values for kind, values in pairs]
    return [json_text(list(zip(*stored, strict=True)))]


def moment(stored: datetime | str | None) -> datetime | None:
    """Return a moment that a statement found, or None if it found none."""
    return None if stored is None else queries.moment(stored)
