from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from celery.signals import heartbeat_sent, worker_ready
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from core import task_queue
from kpisite import disk_space
from kpisite.jobs import beat

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_SECONDS = 15


def health(request: HttpRequest) -> JsonResponse:
    """Say which parts work: 200 when all do, else 503."""
    parts = {name: _works(test) for name, test in TESTS.items()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _works(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except (DatabaseError, RedisError, OSError):
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() is not None


def _valkey() -> bool:
    cache.set("health", 1, HEARTBEAT_SECONDS)
    return bool(cache.get("health") == 1)


def _worker() -> bool:
    return _is_recent(cache.get(HEARTBEAT_KEY), HEARTBEAT_SECONDS)


def _beat() -> bool:
    return _is_recent(cache.get(beat.SENT_KEY), beat.SENT_SECONDS)


def _is_recent(noted: int | None, seconds: int) -> bool:
    """By the moment noted: Valkey forgets late when the clock has been set back."""
    return noted is not None and abs(time.time() - noted) <= seconds


TESTS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "valkey": _valkey,
    "worker": _worker,
    "beat": _beat,
    "disk": disk_space.has_room,
}


@worker_ready.connect
@heartbeat_sent.connect
def note_worker(**_: object) -> None:
    """Note that a Celery worker lives; a Valkey that is away is the worker's own news."""
    with suppress(*task_queue.UNREACHABLE):
        cache.set(HEARTBEAT_KEY, int(time.time()), HEARTBEAT_SECONDS)
