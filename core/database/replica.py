"""Read from a replica of PostgreSQL what is sure to be there, and everything else from the primary.

How far the replica is behind follows from positions in the write-ahead log: it is as old as the
latest moment at which the primary was no further than the replica is now. No clock of the replica
is needed, and a replica that has lost its connection does not look idle.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models import Model

from core import task_queue

logger = logging.getLogger(__name__)

ALIAS = "replica"
WRITTEN = "replica.written."
EVERYBODY = "everybody"

# in seconds: how old a measurement may be, and how often one is made for somebody's own writes
MEASURED_FOR, RETRY_EVERY = 1.0, 0.1
# in seconds: how long a replica that cannot be reached is left alone
PAUSE = 10.0
KEPT_SAMPLES = 1_000

PRIMARY_POSITION = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
REPLICA_POSITION = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint"


@dataclass
class Reading:
    """Where a request reads; it goes to the primary for good when it writes."""

    from_replica: bool
    has_written: bool = False


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


def alias_to_read() -> str:
    """Return the name of the database that the current request reads."""
    reading = _reading.get()
    return ALIAS if reading and reading.from_replica else DEFAULT_DB_ALIAS


class Router:
    """Django's database router: models are read where the current request reads."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return alias_to_read()

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        if (reading := _reading.get()) is not None:
            reading.from_replica, reading.has_written = False, True
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return None if db == DEFAULT_DB_ALIAS else False


@contextmanager
def reading(*, from_replica: bool) -> Iterator[Reading]:
    """Read from the replica in this block, or from the primary."""
    token = _reading.set(Reading(from_replica))
    try:
        yield _reading.get() or Reading(from_replica)
    finally:
        _reading.reset(token)


class Replica:
    """What this process knows of the replica; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque(maxlen=KEPT_SAMPLES)
        self._replayed, self._measured_at, self._paused_until = -1, -inf, -inf
        self._lock = Lock()

    def has(self, position: int) -> bool:
        """Return whether the replica has replayed the log up to this position, and lags little."""
        age = self._clock() - self._measured_at
        if age > MEASURED_FOR or (position > self._replayed and age > RETRY_EVERY):
            self.measure()
        return position <= self._replayed and self.lag() <= settings.REPLICA_MAX_LAG

    def lag(self) -> float:
        """Return by how many seconds what is read from the replica may be too old."""
        caught_up = [at for at, position in self._samples if position <= self._replayed]
        return self._clock() - caught_up[-1] if caught_up else inf

    def is_reachable(self) -> bool:
        """Return whether the replica still answers."""
        self.measure()
        return self._clock() >= self._paused_until

    def measure(self) -> None:
        """Compare both positions, unless another thread does or the replica is left alone."""
        if self._clock() < self._paused_until or not self._lock.acquire(blocking=False):
            return
        try:
            now = self._clock()
            self._samples.append((now, position_of(DEFAULT_DB_ALIAS, PRIMARY_POSITION)))
            self._replayed = position_of(ALIAS, REPLICA_POSITION)
            self._measured_at = now
        except Error as error:
            self._replayed, self._paused_until = -1, self._clock() + PAUSE
            logger.warning("the replica is not read for %.0f seconds: %s", PAUSE, error)
        finally:
            self._lock.release()


REPLICA = Replica()


def position_of(alias: str, statement: str) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute(statement)
        (position,) = cursor.fetchone()
    if position is None:
        raise Error(f"{alias} is not a replica")  # not translated: a log
    return int(position)


def note_write(*readers: str) -> None:
    """Let these readers, or `EVERYBODY`, see on the replica what has been committed until now."""
    if ALIAS in settings.DATABASES:
        position = position_of(DEFAULT_DB_ALIAS, PRIMARY_POSITION)
        # older writes than the accepted lag are there anyway
        cache.set_many(
            {WRITTEN + one: position for one in readers}, timeout=2 * settings.REPLICA_MAX_LAG
        )


def serves(reader: str) -> bool:
    """Return whether the replica has everything that this reader must see."""
    try:
        written = cache.get_many([WRITTEN + reader, WRITTEN + EVERYBODY])
    except task_queue.UNREACHABLE:
        return False
    return REPLICA.has(max(written.values(), default=0))
