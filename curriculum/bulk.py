"""Rows in, in one set-based statement: insert, and on conflict add, keep the larger or replace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

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
# a value of exactly this type goes into such a column as it is
PLAIN: Mapping[type[models.Field[Any, Any]], type] = {
    models.IntegerField: int,
    models.BooleanField: bool,
    models.CharField: str,
    models.TextField: str,
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


def load(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows that are sure to be new, millions of them in no more than a database's time.

    The values are already what the database takes: numbers, and days and moments as ISO text.
    IntegrityError when a row is not new.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    into = f'"{model._meta.db_table}" ({names})'
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            insert = f"INSERT INTO {into} VALUES ({marks})"  # noqa: S608 - names of our models
            cursor.executemany(insert, cast("Sequence[Row]", rows))


def keep_smaller(model: type[models.Model], column: str, values: Mapping[int, Any]) -> None:
    """Set `column` of the rows (by id) where it is null or larger than the value that comes."""
    rows = prepare(model, ("id", column), sorted(values.items()))
    update = (
        f'UPDATE "{model._meta.db_table}" SET "{column}" = %s '  # noqa: S608 - names of our models
        f'WHERE id = %s AND ("{column}" IS NULL OR "{column}" > %s)'
    )
    with connection.cursor() as cursor:
        cursor.executemany(update, [(value, pk, value) for pk, value in rows])


def refresh_statistics() -> None:
    """Tell the query planner what the tables hold now; after many rows it would guess wrong.

    SQLite never looks by itself, and PostgreSQL a minute too late for who asks at once.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 1000")
        cursor.execute("ANALYZE")


def keep_statistics() -> None:
    """Refresh what the planner knows of tables that changed much; PostgreSQL does so by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA analysis_limit = 1000")
            cursor.execute("PRAGMA optimize")


def prepare(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """Turn Python values into what the database takes, column by column."""
    by_column = {field.column: field for field in model._meta.concrete_fields}
    prepare_each = [_preparing(by_column[name]) for name in columns]
    return [
        tuple([prepare(value) for prepare, value in zip(prepare_each, row, strict=True)])
        for row in rows
    ]


def _preparing(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    def prepared(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    column = field.target_field if isinstance(field, models.ForeignKey) else field
    if plain := next((kind for of, kind in PLAIN.items() if isinstance(column, of)), None):
        return lambda value: value if type(value) is plain or value is None else prepared(value)
    # a column says the same few things over and over; only JSON cannot be remembered
    return prepared if isinstance(field, models.JSONField) else cache(prepared)


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
        f'INSERT INTO "{model._meta.db_table}" ({names}) '  # noqa: S608 - names of our models
        f"SELECT * FROM unnest({arrays}) {tail}"
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
        select = f"SELECT {each} FROM json_each(%s) WHERE true"  # noqa: S608 - numbers
        cursor.execute(f"{head} {select} {tail}", [json.dumps(rows, default=str)])
        return list(cursor.fetchall())
