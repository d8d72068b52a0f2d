"""Rows in, in one set-based statement: insert, and on conflict add, keep the larger or replace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

Row = Sequence[Any]

# how a column of the row that is there meets the one that comes
MERGES = {
    "add": "{c} = {t}.{c} + excluded.{c}",
    "replace": "{c} = excluded.{c}",
    "larger": "{c} = CASE WHEN excluded.{c} > {t}.{c} THEN excluded.{c} ELSE {t}.{c} END",
    # a null on either side says nothing
    "smaller": "{c} = CASE WHEN {t}.{c} IS NULL OR excluded.{c} < {t}.{c}"
    " THEN excluded.{c} ELSE {t}.{c} END",
    "fill": "{c} = COALESCE({t}.{c}, excluded.{c})",
}


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    conflict: str,
    merge: dict[str, str] | None = None,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert `rows` of `columns` (database column names); where `conflict` says it exists, merge.

    `conflict` is the conflict target as SQL, `merge` maps a column to a key of MERGES; without
    it, an existing row stays as it is. Rows of one call must not conflict with each other.
    Returns the `returning` columns of the rows inserted or merged, as the database gives them.
    """
    prepared = prepare(model, columns, rows)
    if not prepared:
        return []
    tail = _on_conflict(model, conflict, merge or {}, returning)
    if connection.vendor == "postgresql":
        return _postgresql(model, columns, prepared, tail, returning)
    return _sqlite(model, columns, prepared, tail, returning)


def prepare(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """Turn Python values into what the database takes, column by column."""
    by_column = {field.column: field for field in model._meta.concrete_fields}
    prepare_each = [by_column[name].get_db_prep_save for name in columns]
    return [
        tuple(prep(value, connection) for prep, value in zip(prepare_each, row, strict=True))
        for row in rows
    ]


def _on_conflict(
    model: type[models.Model], conflict: str, merge: dict[str, str], returning: Sequence[str]
) -> str:
    table = model._meta.db_table
    sets = ", ".join(MERGES[how].format(c=f'"{c}"', t=f'"{table}"') for c, how in merge.items())
    action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
    back = f" RETURNING {', '.join(returning)}" if returning else ""
    return f"ON CONFLICT ({conflict}) {action}{back}"


def _postgresql(
    model: type[models.Model],
    columns: Sequence[str],
    rows: list[tuple[Any, ...]],
    tail: str,
    returning: Sequence[str],
) -> list[tuple[Any, ...]]:
    by_column = {field.column: field for field in model._meta.concrete_fields}
    arrays = ", ".join(f"%s::{by_column[name].db_type(connection)}[]" for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT * FROM unnest({arrays}) {tail}'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
        return cursor.fetchall() if returning else []


def _sqlite(
    model: type[models.Model],
    columns: Sequence[str],
    rows: list[tuple[Any, ...]],
    tail: str,
    returning: Sequence[str],
) -> list[tuple[Any, ...]]:
    names = ", ".join(f'"{name}"' for name in columns)
    head = f'INSERT INTO "{model._meta.db_table}" ({names})'
    with connection.cursor() as cursor:
        if not returning:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"{head} VALUES ({marks}) {tail}", rows)
            return []
        # executemany cannot return rows
        each = ", ".join(f"json_extract(value, '$[{i}]')" for i in range(len(columns)))
        select = f"SELECT {each} FROM json_each(%s) WHERE true"
        cursor.execute(f"{head} {select} {tail}", [json.dumps(rows, default=str)])
        return cursor.fetchall()
