"""One import at a time; the hold ends with its process, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

# any number will do, as long as it stays the same
ADVISORY_LOCK = 1_704_170_171


class BusyError(Exception):
    """Another import is running; its text says so."""


@contextmanager
def alone() -> Iterator[None]:
    """Hold back other imports into this database; BusyError when one is running."""
    hold = _in_database if connection.vendor == "postgresql" else _in_data_folder
    with hold() as is_held:
        if not is_held:
            raise BusyError("Another import is running; wait for its end.")
        yield


@contextmanager
def _in_database() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        is_held = bool(cursor.fetchone()[0])
    try:
        yield is_held
    finally:
        if is_held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


@contextmanager
def _in_data_folder() -> Iterator[bool]:
    with (Path(settings.KPI_DATA_DIR) / "import.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
