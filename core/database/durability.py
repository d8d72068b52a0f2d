"""Choose whether SQLite waits for the disk at each commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def without_waiting_for_disk() -> Iterator[None]:
    """Let SQLite commit without waiting for the disk inside the block.

    Use it only for rows that are derived from others. A power cut may lose the last commits, and
    with them the record that the source rows were processed, so they are processed again.
    """
    # SQLite ignores the change inside a transaction
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
