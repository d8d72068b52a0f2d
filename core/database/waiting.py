"""Limit how long a request waits for another writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# in milliseconds: for writes that a later request can make as well, and for necessary ones
NO_WAIT, SHORT_WAIT = 1, 500


@contextmanager
def wait_at_most(milliseconds: int) -> Iterator[None]:
    """Raise OperationalError inside the block when another writer blocks it for longer."""
    if connection.vendor == "sqlite":
        usual = round(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
        connection.ensure_connection()
        # settings of the connection, which are no queries to count or log
        connection.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
        try:
            yield
        finally:
            connection.connection.execute(f"PRAGMA busy_timeout = {usual}")
    else:
        with transaction.atomic():
            usual = _lock_timeout()
            _set(f"SET LOCAL lock_timeout = {milliseconds}")
            yield
            # inside another transaction the setting would last to the end of that one
            _set(f"SET LOCAL lock_timeout = '{usual}'")


def _lock_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def _set(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
