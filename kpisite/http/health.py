"""The health check at /health, and the heartbeat that the worker leaves for it."""

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
    """Report which parts work: 200 if all do, else 503."""
    return _report(CHECKS)


def web_health(request: HttpRequest) -> JsonResponse:
    """The same of what pages need; a balancer must not take them away with the worker."""
    return _report({name: CHECKS[name] for name in ("database", "disk")})


def _report(checks: dict[str, Callable[[], bool]]) -> JsonResponse:
    parts = {name: works(check) for name, check in checks.items()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def works(check: Callable[[], bool]) -> bool:
    try:
        return check()
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


def _is_recent(recorded: int | None, seconds: int) -> bool:
    """Compare the recorded time, since Valkey expires keys late if the clock was set back."""
    return recorded is not None and abs(time.time() - recorded) <= seconds


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "valkey": _valkey,
    "worker": _worker,
    "beat": _beat,
    "disk": disk_space.has_room,
}


@worker_ready.connect
@heartbeat_sent.connect
def record_worker(**_: object) -> None:
    """Record that a Celery worker is running; the worker itself reports a missing Valkey."""
    with suppress(*task_queue.UNREACHABLE):
        cache.set(HEARTBEAT_KEY, int(time.time()), HEARTBEAT_SECONDS)
