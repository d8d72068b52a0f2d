"""Keep the query planner's table statistics current, so that it picks the right indexes."""

from __future__ import annotations

from django.db import connection

# analyze a table again once it has grown by this factor
GROWTH = 1.25


def analyze_all() -> None:
    """Update the statistics of all tables, for example after an import.

    SQLite never does so by itself, and PostgreSQL only after about a minute.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _analyze_whole_tables()
            cursor.execute("ANALYZE")
        else:
            # a table that another connection is analyzing or changing is not waited for
            cursor.execute("ANALYZE (SKIP_LOCKED)")


def analyze_grown_tables(growth: float = GROWTH) -> list[str]:
    """Update SQLite's statistics of the tables that have grown by this factor; returns their names.

    The work is in proportion to the new rows, not to all rows. PostgreSQL does this by itself.
    """
    if connection.vendor != "sqlite":
        return []
    _analyze_whole_tables()
    grown = [table for table, known in _expected_rows().items() if _has_more(table, known * growth)]
    with connection.cursor() as cursor:
        for table in grown:
            cursor.execute(f'ANALYZE "{table}"')
    return grown


def _analyze_whole_tables() -> None:
    # With a limit, SQLite takes the first rows of an index for all of them: among 25,000 learners
    # and two members of staff it would expect as many staff as learners.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA analysis_limit = 0")


def _expected_rows() -> dict[str, int]:
    """Return how many rows the planner expects in each table."""
    with connection.cursor() as cursor:
        # creates the statistics table if nothing was analyzed yet
        cursor.execute("ANALYZE sqlite_schema")
        cursor.execute(
            "SELECT name, COALESCE((SELECT max(CAST(stat AS integer)) FROM sqlite_stat1"
            " WHERE tbl = name), 0) FROM sqlite_schema"
            " WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        )
        return dict(cursor.fetchall())


def _has_more(table: str, limit: float) -> bool:
    """Return whether the table has more rows than `limit`."""
    with connection.cursor() as cursor:
        # the largest id is found at once, and a table never has more rows than that
        for count in ("max(rowid)", "count(*)"):
            cursor.execute(f'SELECT {count} FROM "{table}"')  # noqa: S608
            if (cursor.fetchone()[0] or 0) <= limit:
                return False
    return True
