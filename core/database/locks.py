"""Locks between processes: by name, by course, and the turn to write to SQLite.

A lock is released when its process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

# in seconds: how often a writer asks for the first place in the queue, how often the first asks
# for its turn, and how long a writer waits at most
LONGEST_NAP, SHORTEST_NAP = 0.01, 0.0005
FIRST_NAP = 0.001
LONGEST_WAIT = 20.0

# keeps the locks of courses apart from other advisory locks in the same database
COURSES = 0x6B7069 << 32
COURSES_SHARED = "SELECT pg_advisory_xact_lock_shared(key) FROM unnest(%s::bigint[]) AS key"
COURSES_EXCLUSIVE = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"


@contextmanager
def try_lock(name: str) -> Iterator[bool]:
    """Take a named lock if it is free, and hold it for the block; yields whether it was free."""
    if connection.vendor == "postgresql":
        is_free = bool(_query("SELECT pg_try_advisory_lock(%s)", name))
        try:
            yield is_free
        finally:
            if is_free:
                _query("SELECT pg_advisory_unlock(%s)", name)
    else:
        with _lock_file(name) as file:
            yield _lock_if_free(file)


@contextmanager
def lock_to_write(name: str) -> Iterator[None]:
    """Wait for a named lock, and hold it while the block reads and then writes.

    On PostgreSQL the block is one transaction. On SQLite it must not be: SQLite has a single
    writer, so a transaction that reads for long would block every other writer.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            _query("SELECT pg_advisory_xact_lock(%s)", name)
            yield
    else:
        with _lock_file(name) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def queue_to_write() -> Iterator[None]:
    """Wait for a turn before a transaction that writes to SQLite, which has a single writer.

    SQLite's own retries wait longer and longer, so a constant writer would starve an occasional
    one. If no turn comes within the time that SQLite itself would wait, run the block anyway.
    Does nothing inside a transaction, and nothing on PostgreSQL.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    began = time.monotonic()
    with _lock_file("write") as turn:
        # one writer alone asks often, so that hardly any time passes between two turns
        with _lock_file("write-next") as place:
            # naps get shorter, so that the writer that has waited longest goes first
            _wait_for(place, began, lambda waited: max(SHORTEST_NAP, LONGEST_NAP - waited / 20))
            _wait_for(turn, began, lambda waited: FIRST_NAP)
        yield


def _wait_for(file: int, began: float, nap: Callable[[float], float]) -> None:
    while not _lock_if_free(file) and (waited := time.monotonic() - began) < LONGEST_WAIT:
        time.sleep(nap(waited))


def lock_courses_shared(course_ids: Iterable[int | None]) -> None:
    """Hold off a rebuild of these courses' facts until the transaction ends.

    Batches that write facts hold this lock side by side; None stands for facts without a course.
    Row locks would not do, since Django checks foreign keys, and so locks rows, at the commit.
    On SQLite this does nothing: it has a single writer.
    """
    _lock_courses(COURSES_SHARED, course_ids)


def lock_course_exclusive(course_id: int | None) -> None:
    """Hold off everybody else who writes or rebuilds this course's facts (None: those without)."""
    lock_courses_exclusive([course_id])


def lock_courses_exclusive(course_ids: Iterable[int | None]) -> None:
    """Hold off everybody else who writes or rebuilds the facts of these courses."""
    _lock_courses(COURSES_EXCLUSIVE, course_ids)


def _lock_courses(statement: str, course_ids: Iterable[int | None]) -> None:
    # no course has the id 0; sorted, so that two batches cannot deadlock
    keys = sorted(COURSES + (pk or 0) for pk in set(course_ids))
    if keys and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement, [keys])


def _query(statement: str, name: str) -> object:
    with connection.cursor() as cursor:
        # a number that is the same for this name on every host
        cursor.execute(statement, [zlib.crc32(name.encode())])
        return cursor.fetchone()[0]


@contextmanager
def _lock_file(name: str) -> Iterator[int]:
    with (Path(settings.KPI_DATA_DIR) / f"{name}.lock").open("w") as file:
        yield file.fileno()


def _lock_if_free(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
