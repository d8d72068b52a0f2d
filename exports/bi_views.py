"""The views `bi_*` of PostgreSQL, one for each exported table and one of periods."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from core import reporting_clock
from exports import pseudonyms
from exports.change_log.triggers import quoted, value_at
from exports.declarations.periods import FIRST, MEANING, PERIOD_COLUMNS
from exports.models import ReadOnlyRole
from exports.tables import TABLES, Column, ExportedTable

PREFIX = "bi_"


def statements() -> list[str]:
    found = []
    for table in TABLES.values():
        found += [_view(table), *_comments(table.name, table.meaning, table.columns)]
    return [*found, _periods(), *_comments("period", MEANING, PERIOD_COLUMNS)]


def _periods() -> str:
    zone = _literal(reporting_clock.reporting_zone().key)
    lag = f"interval '{int(reporting_clock.close_lag().total_seconds())} seconds'"
    kinds = ", ".join(
        f"('{kind}', interval '{step}', date '{FIRST[kind]}', '{label}')"
        for kind, step, label in (
            ("day", "1 day", "YYYY-MM-DD"),
            ("week", "7 days", 'IYYY"-W"IW'),
            ("month", "1 month", "YYYY-MM"),
            ("quarter", "3 months", 'YYYY"-Q"Q'),
        )
    )
    # the days that have begun in the site's zone, which is not that of the session
    return f"""CREATE VIEW {PREFIX}period AS
        SELECT kind AS period_kind, first::date AS period_start,
            (first + step)::date - 1 AS last_day, starts_at, ends_at,
            CASE WHEN now() < ends_at THEN 'open' WHEN now() < ends_at + {lag} THEN 'provisional'
                ELSE 'closed' END AS state,
            to_char(first, label) AS label
        FROM (VALUES {kinds}) AS kinds (kind, step, earliest, label),
            LATERAL generate_series(earliest::timestamp, now() AT TIME ZONE {zone}, step) AS first,
            LATERAL (SELECT first AT TIME ZONE {zone}, (first + step) AT TIME ZONE {zone})
                AS moments (starts_at, ends_at)"""  # noqa: S608


def _view(table: ExportedTable) -> str:
    columns = ", ".join(f"{_value(table, one)} AS {quoted(one.name)}" for one in table.columns)
    rows = quoted(table.model._meta.db_table)
    return f"CREATE VIEW {PREFIX}{table.name} AS SELECT {columns} FROM {rows} r"  # noqa: S608


def _value(table: ExportedTable, column: Column) -> str:
    value = value_at(table.model, column.path, "r")
    return pseudonyms.in_postgres(column.of, value) if column.of else value


def _comments(table: str, meaning: str, columns: Sequence[Column]) -> list[str]:
    name = f"{PREFIX}{table}"
    comments = [f"COMMENT ON VIEW {name} IS {_literal(meaning)}"]
    for one in columns:
        text = f"{one.meaning} ({one.unit})" if one.unit else one.meaning
        comments.append(f"COMMENT ON COLUMN {name}.{quoted(one.name)} IS {_literal(text)}")
    return comments


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def names() -> list[str]:
    """Return the names of the views that there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT viewname FROM pg_views WHERE schemaname = current_schema()"
            " AND starts_with(viewname, %s) ORDER BY 1",
            [PREFIX],
        )
        return [name for (name,) in cursor.fetchall()]


def are_there() -> bool:
    return set(names()) == {f"{PREFIX}{one}" for one in (*TABLES, "period")}


def install() -> None:
    """Create the views, and let the roles read them that could before."""
    drop()
    with connection.cursor() as cursor:
        for statement in statements():
            cursor.execute(statement)
        cursor.execute("SELECT rolname FROM pg_roles")
        existing = {name for (name,) in cursor.fetchall()}
        for role in ReadOnlyRole.objects.filter(name__in=existing):
            cursor.execute(grant(role.name))


def drop() -> None:
    with connection.cursor() as cursor:
        for name in names():
            cursor.execute(f"DROP VIEW {name}")


def revoke(role: str) -> str:
    return f"REVOKE ALL ON {', '.join(names())} FROM {quoted(role)}"


def grant(role: str) -> str:
    return f"GRANT SELECT ON {', '.join(names())} TO {quoted(role)}"
