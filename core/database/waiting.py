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
        _set(f"PRAGMA busy_timeout = {milliseconds}")
        try:
            yield
        finally:
            _set(f"PRAGMA busy_timeout = {usual}")
    else:
        with transaction.atomic():
            _set(f"SET LOCAL lock_timeout = {milliseconds}")
            yield


def _set(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
