"""The triggers that note every change of an exported row, whoever makes it and however.

They do nothing but look for the row of `Feed` as long as nobody pulls. The course is noted as it
is at that moment, since a deleted row has none afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import connection, transaction
from django.db.models import Model

from exports.models import Change, Feed
from exports.tables import TABLES, ExportedTable, Follows

LOG = Change._meta.db_table
IS_ON = f"EXISTS (SELECT 1 FROM {Feed._meta.db_table})"  # noqa: S608 - not translated: SQL
INTO = f'INSERT INTO {LOG} ("table", position, "row", course)'
PREFIX = "exports_"


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def key_of(model: type[Model]) -> str:
    return column_of(model, model._meta.pk.name)


def column_of(model: type[Model], field: str) -> str:
    """Return the quoted column of a field."""
    column: str = model._meta.get_field(field).column  # type: ignore[union-attr, assignment]
    return quoted(column)


def value_at(model: type[Model], path: str, alias: str, depth: int = 0) -> str:
    """Return SQL for the value at a path from a row, by subqueries on primary keys."""
    first, _, rest = path.partition("__")
    field = model._meta.get_field(first)
    own = f"{alias}.{column_of(model, first)}"
    if not rest:
        return own
    other, inner = field.related_model, f"t{depth}"
    if other is None or isinstance(other, str):
        raise TypeError(f"{model._meta.label}.{path} leads nowhere.")
    key = key_of(other)
    inside = value_at(other, rest, inner, depth + 1)
    table = quoted(other._meta.db_table)
    return f"(SELECT {inside} FROM {table} {inner} WHERE {inner}.{key} = {own})"  # noqa: S608


def course_of(table: ExportedTable, alias: str) -> str:
    return value_at(table.model, table.course, alias) if table.course else "CAST(NULL AS bigint)"


def statements() -> Iterator[tuple[str, str]]:
    """Yield the name and the statement of each trigger, or of each function and trigger."""
    make = _on_postgres if connection.vendor == "postgresql" else _on_sqlite
    following = _following_on_postgres if connection.vendor == "postgresql" else _following
    for table in TABLES.values():
        yield from make(table)
        for at, one in enumerate(table.follows):
            yield from following(table, one, f"{PREFIX}{table.name}_follows_{at}")


# SQLite


def _on_sqlite(table: ExportedTable) -> Iterator[tuple[str, str]]:
    key = key_of(table.model)
    new, old = course_of(table, "NEW"), course_of(table, "OLD")
    note_new = f"{INTO} VALUES ('{table.name}', 0, NEW.{key}, {new});"
    note_old = f"{INTO} VALUES ('{table.name}', 0, OLD.{key}, {old});"
    moved = f"{INTO} SELECT '{table.name}', 0, OLD.{key}, {old} WHERE {old} IS NOT {new};"
    on = quoted(table.model._meta.db_table)
    for when, body in (("INSERT", note_new), ("DELETE", note_old), ("UPDATE", note_new + moved)):
        name = f"{PREFIX}{table.name}_{when.lower()}"
        yield name, f"CREATE TRIGGER {name} AFTER {when} ON {on} WHEN {IS_ON} BEGIN {body} END"


def _following(table: ExportedTable, one: Follows, name: str) -> Iterator[tuple[str, str]]:
    other = one.model._meta
    columns = ", ".join(column_of(one.model, field) for field in one.fields)
    statement = (
        f"CREATE TRIGGER {name} AFTER UPDATE OF {columns} ON {quoted(other.db_table)} "
        f"WHEN {IS_ON} BEGIN {_note_following(table, one)} "
        f"= NEW.{key_of(one.model)}; END"
    )
    yield name, statement


def _note_following(table: ExportedTable, one: Follows) -> str:
    own = table.model._meta
    return (
        f"{INTO} SELECT '{table.name}', {_position()}, r.{key_of(table.model)}, "  # noqa: S608
        f"{course_of(table, 'r')} FROM {quoted(own.db_table)} r "
        f"WHERE {value_at(table.model, one.path, 'r')} "
    )


def _position() -> str:
    is_postgres = connection.vendor == "postgresql"
    return "pg_current_xact_id()::text::bigint" if is_postgres else "0"


# PostgreSQL: one call per statement, with all its rows as a table


def _on_postgres(table: ExportedTable) -> Iterator[tuple[str, str]]:
    key = key_of(table.model)

    def rows(alias: str) -> str:
        return (
            f"SELECT '{table.name}', {_position()}, {alias}.{key}, "  # noqa: S608
            f"{course_of(table, alias)} FROM {alias}"
        )

    # UNION: a row that stays in its course is noted once
    body = (
        f"IF TG_OP = 'UPDATE' THEN {INTO} {rows('changed')} UNION {rows('former')}; "
        f"ELSE {INTO} {rows('changed')}; END IF;"
    )
    function = f"{PREFIX}{table.name}"
    yield function, _function(function, body)
    for when, given in (
        ("INSERT", "NEW TABLE AS changed"),
        ("DELETE", "OLD TABLE AS changed"),
        ("UPDATE", "OLD TABLE AS former NEW TABLE AS changed"),
    ):
        name = f"{function}_{when.lower()}"
        yield name, _trigger(name, when, table.model, given, function)


def _following_on_postgres(
    table: ExportedTable, one: Follows, name: str
) -> Iterator[tuple[str, str]]:
    key = key_of(one.model)
    fields = [column_of(one.model, field) for field in one.fields]
    differs = " OR ".join(f"c.{field} IS DISTINCT FROM f.{field}" for field in fields)
    changed = (
        f"= ANY (ARRAY(SELECT c.{key} FROM changed c JOIN former f USING ({key}) "  # noqa: S608
        f"WHERE {differs}));"
    )
    yield name, _function(name, _note_following(table, one) + changed)
    given = "OLD TABLE AS former NEW TABLE AS changed"
    yield f"{name}_update", _trigger(f"{name}_update", "UPDATE", one.model, given, name)


def _function(name: str, body: str) -> str:
    # volatile, as functions are: each of its queries sees what is committed by then, so that
    # whoever begins to write after the feed was opened notes it
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {IS_ON} THEN {body} END IF; RETURN NULL; END $$"
    )


def _trigger(name: str, when: str, model: type[Model], given: str, function: str) -> str:
    on = quoted(model._meta.db_table)
    return (
        f"CREATE TRIGGER {name} AFTER {when} ON {on} REFERENCING {given} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    )


def install() -> None:
    """Create the triggers, and drop those that are no longer declared; run it in a transaction."""
    drop()
    with connection.cursor() as cursor:
        for _, statement in statements():
            cursor.execute(statement)


def drop() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for name, on in _existing():
            where = f" ON {on}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{where}")


def _existing() -> Iterable[tuple[str, str]]:
    sql = (
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger"
        " WHERE NOT tgisinternal AND starts_with(tgname, %s)"
        if connection.vendor == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        " AND substr(name, 1, length(%s)) = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [PREFIX] * sql.count("%s"))
        return list(cursor.fetchall())
