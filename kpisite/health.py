from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from celery.signals import heartbeat_sent, worker_ready
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_SECONDS = 15
LEAST_FREE_BYTES = 100 * 1024 * 1024


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
    return cache.get(HEARTBEAT_KEY) is not None


def _disk() -> bool:
    return shutil.disk_usage(settings.KPI_DATA_DIR).free >= LEAST_FREE_BYTES


TESTS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "valkey": _valkey,
    "worker": _worker,
    "disk": _disk,
}


@worker_ready.connect
@heartbeat_sent.connect
def beat(**_: object) -> None:
    """Note that a Celery worker lives."""
    cache.set(HEARTBEAT_KEY, int(time.time()), HEARTBEAT_SECONDS)
