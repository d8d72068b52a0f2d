"""One at a time: a named hold that ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

# in seconds: how soon who waits for a turn to write looks again, and for how long at most
LONGEST_NAP, SHORTEST_NAP = 0.01, 0.0005
LONGEST_WAIT = 20.0


@contextmanager
def try_lock(name: str) -> Iterator[bool]:
    """Take the hold if it is free; yields whether it was. It is kept until the block ends."""
    take = _try_in_database if connection.vendor == "postgresql" else _try_in_data_folder
    with take(name) as is_held:
        yield is_held


@contextmanager
def lock_to_write(name: str) -> Iterator[None]:
    """Wait for the hold and keep it while the block reads and then writes.

    On PostgreSQL the block is one transaction. SQLite lets one writer in at a time, so there
    the block must not be one: whoever reads for long would keep everybody else from writing.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            _ask("SELECT pg_advisory_xact_lock(%s)", name)
            yield
    else:
        with _file(name) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def queue_to_write() -> Iterator[None]:
    """Wait for a turn before a transaction that writes; SQLite has one writer at a time.

    Left to itself, SQLite has each writer look again after ever longer naps, and who writes all
    the time leaves no gap to who writes now and then. Where no turn comes for as long as SQLite
    itself would wait, the block tries without one. Within a transaction there is no turn to
    wait for, and on PostgreSQL writers do not wait for each other.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    begun = time.monotonic()
    with _file("write") as file:
        while not _is_free(file) and (waited := time.monotonic() - begun) < LONGEST_WAIT:
            # who has waited for longer looks more often, and so comes first
            time.sleep(max(SHORTEST_NAP, LONGEST_NAP - waited / 20))
        yield


def _is_free(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _try_in_database(name: str) -> Iterator[bool]:
    is_held = bool(_ask("SELECT pg_try_advisory_lock(%s)", name))
    try:
        yield is_held
    finally:
        if is_held:
            _ask("SELECT pg_advisory_unlock(%s)", name)


@contextmanager
def _try_in_data_folder(name: str) -> Iterator[bool]:
    with _file(name) as file:
        yield _is_free(file)


@contextmanager
def _file(name: str) -> Iterator[int]:
    with (Path(settings.KPI_DATA_DIR) / f"{name}.lock").open("w") as file:
        yield file.fileno()


def _ask(statement: str, name: str) -> object:
    with connection.cursor() as cursor:
        # the same number for the same name on every host
        cursor.execute(statement, [zlib.crc32(name.encode())])
        return cursor.fetchone()[0]
