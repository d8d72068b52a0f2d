"""What the query planner believes of the tables: without it, it reads whole courses for one row."""

from __future__ import annotations

from django.db import connection

# how much a table may grow before it is looked at again
GROWTH = 1.25


def refresh() -> None:
    """Tell the planner what all tables hold now, as after an import.

    SQLite never looks by itself, and PostgreSQL a minute too late for who asks at once.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _read_whole_tables()
        cursor.execute("ANALYZE")


def follow(growth: float = GROWTH) -> list[str]:
    """Tell SQLite's planner of the tables that have grown so much since; returns their names.

    The work is in proportion to the rows that came, however many there are. PostgreSQL looks by
    itself.
    """
    if connection.vendor != "sqlite":
        return []
    _read_whole_tables()
    grown = [table for table, known in _known().items() if _has_more(table, known * growth)]
    with connection.cursor() as cursor:
        for table in grown:
            cursor.execute(f'ANALYZE "{table}"')
    return grown


def _read_whole_tables() -> None:
    # with a limit, SQLite takes the first rows of an index for all: of 25,000 learners and two
    # members of staff it would expect as many staff as learners
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA analysis_limit = 0")


def _known() -> dict[str, int]:
    """How many rows the planner expects in each table."""
    with connection.cursor() as cursor:
        # makes the table of statistics where nothing was analyzed yet
        cursor.execute("ANALYZE sqlite_schema")
        cursor.execute(
            "SELECT name, COALESCE((SELECT max(CAST(stat AS integer)) FROM sqlite_stat1"
            " WHERE tbl = name), 0) FROM sqlite_schema"
            " WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
        )
        return dict(cursor.fetchall())


def _has_more(table: str, most: float) -> bool:
    """True when the table has more rows than so many."""
    with connection.cursor() as cursor:
        # the last id is found at once, and there are never more rows
        for what in ("max(rowid)", "count(*)"):
            cursor.execute(f'SELECT {what} FROM "{table}"')  # noqa: S608
            if (cursor.fetchone()[0] or 0) <= most:
                return False
    return True
