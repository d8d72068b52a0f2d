"""When statements are stored, and until when all that were stored can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from django.db import connection
from django.utils import timezone

from core.database.locks import LONGEST_WAIT, try_lock
from xapi.models import Statement

STORING = 0x78415049  # the advisory lock of transactions that store statements
LOCK = "SELECT pg_advisory_xact_lock_shared(%s), clock_timestamp()"
# the start of the oldest transaction that still stores; else that of this very statement, since
# whoever begins to store later gets a later moment
OLDEST = """
SELECT coalesce(min(a.xact_start), statement_timestamp())
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = %s AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def begin_to_store() -> datetime:
    """Return the moment at which the current transaction stores; others see that it does."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [STORING])
        return cast("datetime", cursor.fetchone()[1])


def consistent_through() -> datetime:
    """Return a moment before which all statements stored can be read; ask before reading."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(OLDEST, [STORING])
            return cast("datetime", cursor.fetchone()[0])
    now = timezone.now()
    with try_lock("write") as nobody_writes:
        if nobody_writes or connection.in_atomic_block:
            return now
    # whoever writes now stores after everything that can be read
    latest = Statement.objects.order_by("-stored").values_list("stored", flat=True).first()
    return latest or now - timedelta(seconds=2 * LONGEST_WAIT)


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
