"""The partitions of the events on PostgreSQL: one a month, cut by the id that grows with arrival.

All events arrive in the open partition. Once a month it is closed at the next id, and a new one is
opened. A closed one whose events are all old is emptied at once. What no other partition covers,
the definitions of courses that stay for ever, is in the default partition. SQLite has one table.

No wait for a lock here is longer than LOCK_TIMEOUT: whoever needs the table meanwhile waits no
longer either, and no deadlock comes about. What was not possible is possible the next night.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils import timezone

logger = logging.getLogger(__name__)

TABLE = "intake_event"
OPEN, DEFAULT = f"{TABLE}_open", f"{TABLE}_default"
# below PostgreSQL's own search for deadlocks, which would end somebody else's transaction
LOCK_TIMEOUT = "900ms"
LOCK_NOT_AVAILABLE = "55P03"
BOUNDS = re.compile(r"FROM \((MINVALUE|'?\d+'?)\) TO \((MAXVALUE|'?\d+'?)\)")


@dataclass(frozen=True)
class Partition:
    """A closed partition with the ids from `first` up to `end`, which it does not contain."""

    name: str
    first: int
    end: int


class BusyError(Exception):
    """Somebody else uses the events; nothing has changed."""


def exist() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def short_waits() -> Iterator[None]:
    """Run the block in a transaction that waits for no lock for long; BusyError if it would."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # tables whose checks of foreign keys are deferred cannot be altered
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            raise BusyError from error
        raise


def closed() -> list[Partition]:
    """Return the closed partitions, the oldest first."""
    if not exist():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname, pg_get_expr(child.relpartbound, child.oid) FROM pg_inherits"
            " JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = %s::regclass"
            " AND child.relname NOT IN (%s, %s)",
            [TABLE, OPEN, DEFAULT],
        )
        found = [(name, BOUNDS.search(bounds)) for name, bounds in cursor.fetchall()]
    partitions = [
        Partition(name, _bound(match[1]), _bound(match[2])) for name, match in found if match
    ]
    return sorted(partitions, key=lambda one: one.first)


def _lower_bound(name: str) -> str:
    """Return it as SQL; below may be definitions of partitions that have been dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = %s::regclass", [name]
        )
        match = BOUNDS.search(cursor.fetchone()[0])
    return match[1].strip("'") if match else "MINVALUE"


def _bound(text: str) -> int:
    return 0 if text == "MINVALUE" else int(text.strip("'"))


def close_month(now: datetime) -> str:
    """Close the open partition unless this was done in this month; return the closed one's name.

    It is named for the month in which it ends, in the site's zone. Empty if there is nothing to
    do, or if somebody else uses the events: then the next night does it.
    """
    if not exist():
        return ""
    name = f"{TABLE}_until_{timezone.localtime(now):%Y_%m}"
    if name in {one.name for one in closed()} or _is_empty(OPEN):
        return ""
    try:
        with short_waits():
            _close(name)
    except BusyError:
        logger.info("the events of the last month stay in the open partition: they are in use")
        return ""
    analyze()
    return name


def _close(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        lower = _lower_bound(OPEN)
        # ids that were given to transactions under way are below it, too
        cursor.execute(
            "SELECT GREATEST((SELECT COALESCE(max(id), 0) FROM intake_event), last_value) + 1"
            " FROM intake_receipt_id_seq"
        )
        (end,) = cursor.fetchone()
        for statement in (
            f"ALTER TABLE {TABLE} DETACH PARTITION {OPEN}",
            f"ALTER TABLE {OPEN} RENAME TO {name}",
            f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM ({lower}) TO ({end})",
            f"CREATE TABLE {OPEN} PARTITION OF {TABLE} FOR VALUES FROM ({end}) TO (MAXVALUE)",
        ):
            cursor.execute(statement)


def _is_empty(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {name})")  # noqa: S608
        return bool(cursor.fetchone()[0])


def is_older(partition: Partition, before: datetime) -> bool:
    """Return whether all events of the partition were received before a moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT NOT EXISTS (SELECT FROM {partition.name} WHERE received_at >= %s)",  # noqa: S608
            [before],
        )
        return bool(cursor.fetchone()[0])


def lock(partition: Partition) -> None:
    """Keep everybody out of the partition until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {partition.name} IN ACCESS EXCLUSIVE MODE")


def empty(partition: Partition, *, keeping: list[str]) -> None:
    """Delete all events of the partition at once, except those of some kinds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM {partition.name}"  # noqa: S608
            " WHERE kind = ANY(%s)",
            [keeping],
        )
        cursor.execute(f"TRUNCATE {partition.name}")
        cursor.execute(f"INSERT INTO {partition.name} SELECT * FROM kept")  # noqa: S608
        cursor.execute("DROP TABLE kept")


def drop_if_unused(partition: Partition) -> None:
    """Drop an emptied partition; what was kept in it moves to the default partition.

    If somebody uses a table that it refers to, the next purge drops it.
    """
    try:
        with short_waits(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {partition.name}")
            cursor.execute(f"INSERT INTO {TABLE} SELECT * FROM {partition.name}")  # noqa: S608
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"DROP TABLE {partition.name}")
    except BusyError:
        logger.info("%s is empty, and dropped another night", partition.name)


def analyze() -> None:
    """Update the statistics of all events together, which PostgreSQL never does by itself."""
    if exist():
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {TABLE}")
