"""A version of everything stored: it changes with every commit, whichever process makes it.

What was computed after reading a version is still right while the version is the same: nothing
has been written since. So nobody has to know what a result depends on, and a change that sends no
signal, such as one made by hand in SQL, counts like any other.
"""

from __future__ import annotations

import os
import sqlite3
import time
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Error as PostgresError

from core.database import replica

Version = tuple[str, ...]

# SQLite counts the commits of all other connections, so the one that asks must not write.
# On PostgreSQL, transactions that have ended move the snapshot; on a replica, replayed WAL does.
STATEMENTS = {
    "sqlite": "PRAGMA data_version",
    "postgresql": "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text"
    " ELSE pg_current_snapshot()::text END",
}
# after a failure, or while another thread is connecting, requests do without a version
PAUSE_SECONDS = 1.0
WAIT_SECONDS = 0.1
CONNECT_SECONDS = 2


class DatabaseVersion:
    """Reads the version of one database over a connection that this process keeps for it."""

    def __init__(self, alias: str = DEFAULT_DB_ALIAS) -> None:
        self.alias = alias
        self._connection: Any = None
        self._connected_at = 0
        self._paused_until = 0.0
        self._lock = Lock()

    def read(self) -> str | None:
        """Return the version; None if it cannot be read at once."""
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            return None
        try:
            return self._read()
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._close()

    def _read(self) -> str | None:
        # a server may have closed a connection that was idle for long, so a second try is fair
        for _ in range(2):
            if time.monotonic() < self._paused_until:
                return None
            try:
                connection = self._connection or self._connect()
                (version,) = connection.execute(STATEMENTS[self._vendor]).fetchone()
            except (sqlite3.Error, PostgresError):
                if self._connection is None:
                    self._paused_until = time.monotonic() + PAUSE_SECONDS
                self._close()
            else:
                # SQLite's counts begin anew with each connection, a restored server's may repeat
                return f"{self._connected_at}.{version}"
        return None

    @property
    def _vendor(self) -> str:
        return connections[self.alias].vendor

    def _connect(self) -> Any:
        wrapper = connections[self.alias]
        options = wrapper.get_connection_params()
        if wrapper.vendor == "postgresql":
            options |= {"autocommit": True, "connect_timeout": CONNECT_SECONDS}
        self._connection = wrapper.Database.connect(**options)  # type: ignore[attr-defined]
        self._connected_at = time.time_ns()
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_databases = {alias: DatabaseVersion(alias) for alias in settings.DATABASES}


def read() -> Version | None:
    """Return the version of the database that this request reads, comparable within this process.

    None if it cannot be read at once, and inside a transaction, which sees rows that the version
    does not count yet.
    """
    if any(one.in_atomic_block for one in connections.all(initialized_only=True)):
        return None
    alias = replica.alias_to_read()
    version = _databases[alias].read()
    return None if version is None else (alias, version)


def close() -> None:
    """Close the connections, which are opened again when they are needed."""
    for database in _databases.values():
        database.close()


os.register_at_fork(before=close)
