"""Whether the clocks of this machine, the database, Valkey and the workers agree."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.core.cache import cache
from django.db import connection

from core.redis_cache import valkey
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from kpisite.http import health

TOLERANCE = 5.0


@check("clocks.database", "Clock of the database", "database")
def of_database() -> Iterator[Problem | str]:
    if connection.vendor != "postgresql":
        yield "It is that of this machine."
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        theirs = float(cursor.fetchone()[0])
    yield compared(theirs - time.time(), "the database")


@check("clocks.valkey", "Clock of Valkey", "valkey")
def of_valkey() -> Iterator[Problem | str]:
    seconds, micros = valkey().time()
    yield compared(seconds + micros / 1e6 - time.time(), "Valkey")


@check("clocks.worker", "Clock of the workers", "valkey")
def of_worker() -> Iterator[Problem | str]:
    """A heartbeat of the future is of a clock that is ahead; one that is behind looks dead."""
    sent = cache.get(health.HEARTBEAT_KEY)
    if sent is None:
        yield "No worker has reported."
    else:
        # whole seconds, and the newest is up to a heartbeat old
        yield compared(max(sent - time.time(), 0.0), "a worker")


def compared(ahead: float, whose: str) -> Problem | str:
    """Say by how many seconds a clock is ahead of this machine's, or behind."""
    if abs(ahead) <= TOLERANCE:
        return "It agrees with this machine's."
    return Problem(
        f"The clock of {whose} is {abs(ahead):,.0f} seconds {'ahead' if ahead > 0 else 'behind'}.",
        whose,
        "Let all hosts follow a time server: timedatectl set-ntp true.",
    )
