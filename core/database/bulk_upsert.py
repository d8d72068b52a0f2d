"""Insert or update many rows in one statement, adding, replacing or comparing on conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any

from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper as Cursor

from core.database.column_values import Row, array_text, json_text, prepare

# how the stored value of a column and the new one become the value to store
MERGES = {
    "add": "{c} = {t}.{c} + excluded.{c}",
    "replace": "{c} = excluded.{c}",
    "larger": "{c} = CASE WHEN excluded.{c} > {t}.{c} THEN excluded.{c} ELSE {t}.{c} END",
    # a null on either side is no value
    "smaller": "{c} = CASE WHEN {t}.{c} IS NULL OR excluded.{c} < {t}.{c}"
    " THEN excluded.{c} ELSE {t}.{c} END",
}


def keep_earliest(column: str, by: str) -> dict[str, str]:
    """Return the merges that keep the earliest value of a column, dated by the column `by`.

    Of two values with one date the smaller is kept. A value without a date is never replaced.
    """
    is_first = (
        f'{{t}}."{column}" IS NULL OR excluded."{by}" < {{t}}."{by}" OR '
        f'(excluded."{by}" = {{t}}."{by}" AND excluded."{column}" < {{t}}."{column}")'
    )
    how = f"{{c}} = CASE WHEN {is_first} THEN excluded.{{c}} ELSE {{t}}.{{c}} END"
    return {column: how, by: how}


# from about this many rows, COPY is faster on PostgreSQL than one long statement
COPY_FROM_ROWS = 2_000
# from so many rows, SQLite takes longer to parse one long parameter than to run many statements
MANY_ROWS = 5_000
# how many rows each of these statements inserts
ROWS_PER_STATEMENT = 50
ROWS_PER_COPY = 10_000


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    conflict: str,
    merge: dict[str, str] | None = None,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert `rows` of `columns` (database column names), or merge into rows that exist.

    `conflict` is the conflict target in SQL. `merge` maps a column to a key of MERGES or to SQL
    of that form; without it, existing rows stay as they are. Rows of one call must not conflict
    with each other. Returns the `returning` columns of the rows inserted or merged, as the
    database returns them.
    """
    prepared = prepare(model, columns, rows)
    if not prepared:
        return []
    tail = _on_conflict(model, conflict, tuple((merge or {}).items()), tuple(returning))
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if connection.vendor == "sqlite" and len(prepared) >= MANY_ROWS and not returning:
            _insert_many(cursor, _into(model, columns), len(columns), prepared, tail)
            return []
        # One statement: executemany cannot return rows, and on SQLite each statement that may
        # fail halfway truncates its savepoint's journal, which takes longer the larger that is.
        select, params = _select_rows(cursor, model, columns, prepared)
        cursor.execute(f"INSERT INTO {_into(model, columns)} {select} {tail}", params)
        return list(cursor.fetchall()) if returning else []


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows that are known to be new; IntegrityError when a row exists."""
    prepared = prepare(model, columns, rows)
    if not prepared:
        return
    into = _into(model, columns)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, into, prepared)
        else:
            _insert_many(cursor, into, len(columns), prepared)


def bulk_insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert millions of rows that are known to be new, as fast as the database can.

    Values are passed to the database unconverted: numbers, and dates and times as ISO text.
    IntegrityError when a row exists.
    """
    into = _into(model, columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, into, rows)
        else:
            _insert_many(cursor, into, len(columns), rows)


def bulk_upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    conflict: str,
    merge: dict[str, str],
) -> None:
    """Insert or merge many rows, in a transaction; otherwise like `upsert`.

    Values are passed to the database unconverted, as in `bulk_insert`.
    """
    tail = _on_conflict(model, conflict, tuple(merge.items()), ())
    into = _into(model, columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = _new_rows(cursor, model, columns)
            _copy(cursor, f"new_rows ({names})", rows)
            select = f"SELECT {names} FROM new_rows"  # noqa: S608
            cursor.execute(f"INSERT INTO {into} {select} {tail}")
        else:
            _insert_many(cursor, into, len(columns), rows, tail)


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Update `columns` of existing rows; each of `rows` begins with the id."""
    table, named = model._meta.db_table, ("id", *columns)
    prepared = prepare(model, named, rows)
    if not prepared:
        return
    sets = ", ".join(f'"{name}" = new."{name}"' for name in columns)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        select, params = _select_rows(cursor, model, named, prepared)
        cursor.execute(
            f'WITH new AS ({select}) UPDATE "{table}" SET {sets} '  # noqa: S608
            f'FROM new WHERE "{table}".id = new.id',
            params,
        )


@cache
def _on_conflict(
    model: type[models.Model],
    conflict: str,
    merge: tuple[tuple[str, str], ...],
    returning: tuple[str, ...],
) -> str:
    table = model._meta.db_table
    sets = ", ".join(MERGES.get(how, how).format(c=f'"{c}"', t=f'"{table}"') for c, how in merge)
    action = f"DO UPDATE SET {sets}" if sets else "DO NOTHING"
    back = f" RETURNING {', '.join(returning)}" if returning else ""
    return f"ON CONFLICT ({conflict}) {action}{back}"


def _into(model: type[models.Model], columns: Sequence[str]) -> str:
    return f'"{model._meta.db_table}" ({_names(columns)})'


def _insert_many(
    cursor: Cursor, into: str, width: int, rows: Iterable[Row], tail: str = ""
) -> None:
    """Insert rows of this many values on SQLite, many with each statement."""
    one = f"({', '.join(['%s'] * width)})"
    # FAIL instead of ABORT: a failed statement may leave rows, since its transaction is rolled
    # back; else SQLite would copy every changed page to be able to undo each statement alone
    head = f"INSERT OR FAIL INTO {into} VALUES "  # noqa: S608
    many = f"{head}{', '.join([one] * ROWS_PER_STATEMENT)} {tail}"
    left = iter(rows)
    while some := list(islice(left, MANY_ROWS)):
        first = len(some) % ROWS_PER_STATEMENT
        cursor.executemany(f"{head}{one} {tail}", some[:first])
        values = chain.from_iterable(some[first:])
        groups = zip(*[values] * (ROWS_PER_STATEMENT * width), strict=True)
        cursor.executemany(many, list(groups))


def _select_rows(
    cursor: Cursor, model: type[models.Model], columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    """Return one SELECT that yields the rows as `columns`, and its parameters."""
    if connection.vendor == "postgresql":
        if len(rows) >= COPY_FROM_ROWS:
            return _select_from_copy(cursor, model, columns, rows)
        return _select_from_arrays(model, columns, rows)
    each = ", ".join(f"json_extract(value, '$[{i}]') AS \"{c}\"" for i, c in enumerate(columns))
    # without WHERE, SQLite would parse ON CONFLICT as the ON of a join
    select = f"SELECT {each} FROM json_each(%s) WHERE true"  # noqa: S608
    return select, [json_text(rows)]


def _select_from_arrays(
    model: type[models.Model], columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    by_column = {field.column: field for field in model._meta.concrete_fields}
    arrays = ", ".join(f"%s::{by_column[name].db_type(connection)}[]" for name in columns)
    # safe: only names of our own models
    select = f"SELECT * FROM unnest({arrays}) AS one ({_names(columns)})"  # noqa: S608
    return select, [array_text(column) for column in zip(*rows, strict=True)]


def _select_from_copy(
    cursor: Cursor, model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]
) -> tuple[str, list[Any]]:
    names = _new_rows(cursor, model, columns)
    _copy(cursor, f"new_rows ({names})", rows)
    return f"SELECT {names} FROM new_rows", []  # noqa: S608


def _new_rows(cursor: Cursor, model: type[models.Model], columns: Sequence[str]) -> str:
    """Create a temporary table that is dropped at the commit; return the names of its columns."""
    names = _names(columns)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.new_rows")
    cursor.execute(
        f"CREATE TEMP TABLE new_rows ON COMMIT DROP AS "  # noqa: S608
        f'SELECT {names} FROM "{model._meta.db_table}" WITH NO DATA'
    )
    return names


def _copy(cursor: Cursor, into: str, rows: Iterable[Row]) -> None:
    """Copy numbers, moments and text; psycopg would take several times as long, value by value."""
    rows = iter(rows)
    with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        while some := list(islice(rows, ROWS_PER_COPY)):
            columns = (_column_text(values) for values in zip(*some, strict=True))
            lines = map("\t".join, zip(*columns, strict=True))
            copy.write("\n".join(lines) + "\n")


def _column_text(values: Sequence[Any]) -> Iterable[str]:
    if {*map(type, values)} <= {int, float}:
        return map(str, values)
    # most other columns repeat a few values
    texts = {one: r"\N" if one is None else _escaped(str(one)) for one in set(values)}
    return map(texts.__getitem__, values)


def _escaped(text: str) -> str:
    for one, other in (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r")):
        text = text.replace(one, other)
    return text


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
