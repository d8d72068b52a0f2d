"""How large the database and its tables are, as far as that is known without reading them."""

from __future__ import annotations

from django.db import connection

# partitions count for their table
POSTGRES_ROWS = """
SELECT COALESCE(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
WHERE oid = to_regclass(%s)
   OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%s))
"""
POSTGRES_BYTES = "SELECT pg_database_size(current_database())"
SQLITE_BYTES = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"


def database_bytes() -> int:
    return _one(POSTGRES_BYTES if connection.vendor == "postgresql" else SQLITE_BYTES)


def rows_of(table: str) -> int:
    """Return about how many rows a table has; 0 if there is none of this name."""
    if connection.vendor == "postgresql":
        return _one(POSTGRES_ROWS, table, table)
    if table not in connection.introspection.table_names():
        return 0
    return _one(f"SELECT COALESCE(max(_rowid_), 0) FROM {connection.ops.quote_name(table)}")  # noqa: S608


def _one(statement: str, *values: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])
