"""Rows in, in one set-based statement: insert, and on conflict add, keep the larger or replace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, cast

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper as Cursor

Row = Sequence[Any]

# how a column of the row that is there meets the one that comes
MERGES = {
    "add": "{c} = {t}.{c} + excluded.{c}",
    "replace": "{c} = excluded.{c}",
    "larger": "{c} = CASE WHEN excluded.{c} > {t}.{c} THEN excluded.{c} ELSE {t}.{c} END",
    # a null on either side says nothing
    "smaller": "{c} = CASE WHEN {t}.{c} IS NULL OR excluded.{c} < {t}.{c}"
    " THEN excluded.{c} ELSE {t}.{c} END",
}


def without_repeats(column: str, by: str) -> dict[str, str]:
    """The merges of a column of which the value said first stands, and of when (`by`) it was.

    Of one moment the smaller stands. A value that was said at no moment stands for good.
    """
    is_first = (
        f'{{t}}."{column}" IS NULL OR excluded."{by}" < {{t}}."{by}" OR '
        f'(excluded."{by}" = {{t}}."{by}" AND excluded."{column}" < {{t}}."{column}")'
    )
    how = f"{{c}} = CASE WHEN {is_first} THEN excluded.{{c}} ELSE {{t}}.{{c}} END"
    return {column: how, by: how}


# from about here on, PostgreSQL reads a copy sooner than one long statement
MANY = 2_000
# a value of exactly this type goes into such a column as it is
PLAIN: Mapping[type[models.Field[Any, Any]], type] = {
    models.IntegerField: int,
    models.BooleanField: bool,
    models.CharField: str,
    models.TextField: str,
    models.FloatField: float,
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

    `conflict` is the conflict target as SQL, `merge` maps a column to a key of MERGES or to such
    SQL; without it, an existing row stays as it is. Rows of one call must not conflict with each
    other.
    Returns the `returning` columns of the rows inserted or merged, as the database gives them.
    """
    prepared = prepare(model, columns, rows)
    if not prepared:
        return []
    tail = _on_conflict(model, conflict, merge or {}, returning)
    into = f"INSERT INTO {_into(model, columns)}"
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        # executemany cannot return rows; and on SQLite each statement that may fail half-way cuts
        # the journal of the savepoint it is in, which takes longer the more pages that holds
        came, given = _came(cursor, model, columns, prepared)
        cursor.execute(f"{into} {came} {tail}", given)
        return list(cursor.fetchall()) if returning else []


def bulk_insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows that are sure to be new, millions of them in no more than a database's time.

    The values are already what the database takes: numbers, and days and moments as ISO text.
    IntegrityError when a row is not new.
    """
    into = _into(model, columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, into, rows)
        else:
            insert = f"INSERT INTO {into} {_values(columns)}"
            cursor.executemany(insert, cast("Sequence[Row]", rows))


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Set `columns` of the rows that are there; each row begins with its id."""
    table, named = model._meta.db_table, ("id", *columns)
    prepared = prepare(model, named, rows)
    sets = ", ".join(f'"{name}" = came."{name}"' for name in columns)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        came, given = _came(cursor, model, named, prepared)
        cursor.execute(
            f'WITH came AS ({came}) UPDATE "{table}" SET {sets} '  # noqa: S608
            f'FROM came WHERE "{table}".id = came.id',
            given,
        )


def prepare(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    """Turn Python values into what the database takes, column by column."""
    by_column = {field.column: field for field in model._meta.concrete_fields}
    fields = [by_column[name] for name in columns]
    given = list(zip(*rows, strict=True))
    # no rows, no columns
    pairs = zip(fields, given, strict=True) if given else ()
    return list(zip(*(_prepared(field, values) for field, values in pairs), strict=True))


def _prepared(field: models.Field[Any, Any], values: Sequence[Any]) -> Sequence[Any]:
    column = field.target_field if isinstance(field, models.ForeignKey) else field
    plain = next((kind for of, kind in PLAIN.items() if isinstance(column, of)), NoneType)
    if {*map(type, values)} <= {plain, NoneType}:
        return values
    if isinstance(field, models.JSONField):
        return [field.get_db_prep_save(value, connection) for value in values]
    # a column says the same few things over and over
    known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [known[value] for value in values]


def _on_conflict(
    model: type[models.Model], conflict: str, merge: dict[str, str], returning: Sequence[str]
) -> str:
    table = model._meta.db_table
    sets = ", ".join(
        MERGES.get(how, how).format(c=f'"{c}"', t=f'"{table}"') for c, how in merge.items()
    )
    action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
    back = f" RETURNING {', '.join(returning)}" if returning else ""
    return f"ON CONFLICT ({conflict}) {action}{back}"


def _into(model: type[models.Model], columns: Sequence[str]) -> str:
    return f'"{model._meta.db_table}" ({_names(columns)})'


def _values(columns: Sequence[str]) -> str:
    return f"VALUES ({', '.join(['%s'] * len(columns))})"


def _came(
    cursor: Cursor, model: type[models.Model], columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    """Say the rows as one SELECT with `columns`, and what to give with it."""
    if connection.vendor == "postgresql":
        laid_out = _laid_aside if len(rows) >= MANY else _unnested
        return laid_out(cursor, model, columns, rows)
    each = ", ".join(f"json_extract(value, '$[{i}]') AS \"{c}\"" for i, c in enumerate(columns))
    # without the condition, the ON of a conflict would be taken for one of a join
    select = f"SELECT {each} FROM json_each(%s) WHERE true"  # noqa: S608
    return select, [json.dumps(rows, default=str)]


def _unnested(
    _: Cursor, model: type[models.Model], columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    by_column = {field.column: field for field in model._meta.concrete_fields}
    arrays = ", ".join(f"%s::{by_column[name].db_type(connection)}[]" for name in columns)
    # names of our models, like everywhere here
    select = f"SELECT * FROM unnest({arrays}) AS one ({_names(columns)})"  # noqa: S608
    return select, [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]


def _laid_aside(
    cursor: Cursor, model: type[models.Model], columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    """Copy the rows into a table that is gone with the transaction."""
    names = _names(columns)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.aside")
    cursor.execute(
        f"CREATE TEMP TABLE aside ON COMMIT DROP AS "  # noqa: S608
        f'SELECT {names} FROM "{model._meta.db_table}" WITH NO DATA'
    )
    _copy(cursor, f"aside ({names})", rows)
    return f"SELECT {names} FROM aside", []  # noqa: S608


def _copy(cursor: Cursor, into: str, rows: Iterable[Row]) -> None:
    with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
