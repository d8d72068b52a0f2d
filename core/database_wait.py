"""How long a page that is read waits for who writes: hardly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# in milliseconds: what a later request notes as well, and what the page cannot do without
NO_WAIT, SHORT_WAIT = 1, 500


@contextmanager
def wait_at_most(milliseconds: int) -> Iterator[None]:
    """Raise OperationalError inside the block where another writer is in the way for longer."""
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
