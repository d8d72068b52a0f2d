"""What must be on the disk before the work goes on, and what need not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def without_waiting_for_disk() -> Iterator[None]:
    """Do not wait for SQLite's disk inside the block: all that it writes follows from other rows.

    A power cut takes the last of it, and with it that the rows it follows from were read.
    """
    # inside a transaction SQLite changes nothing of how it commits
    can_change = connection.vendor == "sqlite" and not connection.in_atomic_block
    if can_change:
        _set("NORMAL")
    try:
        yield
    finally:
        if can_change:
            _set(settings.SQLITE_SYNCHRONOUS)


def _set(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous = {level}")
