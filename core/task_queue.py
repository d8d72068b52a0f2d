"""Queue Celery tasks, and carry on when the broker (Valkey) cannot be reached."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence

from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

UNREACHABLE = (OperationalError, RedisError, OSError)
# in seconds: a queued task that got lost blocks the next one no longer than this
QUEUED_FOR = 10
# in seconds: otherwise an import without a running server would log hundreds of warnings
LOG_INTERVAL = 60.0

_logged_at: dict[str, float] = {}


def enqueue_once(task: str, *, queued: str, otherwise: str) -> None:
    """Queue a task unless it is queued already, as the cache key `queued` shows.

    The task clears the key when it starts (`mark_started`). If the broker cannot be reached, only
    log that, with `otherwise`: what happens to the work then.
    """
    try:
        if cache.add(queued, 1, timeout=QUEUED_FOR):
            current_app.send_task(task, retry=False)
    except UNREACHABLE as error:
        log_unreachable(otherwise, error)


def enqueue_all(task: str, arguments: Iterable[Sequence[object]], *, otherwise: str) -> None:
    """Queue a task once per list of arguments; if the broker cannot be reached, only log that."""
    try:
        for one in arguments:
            current_app.send_task(task, one, retry=False)
    except UNREACHABLE as error:
        log_unreachable(otherwise, error)


def mark_started(queued: str) -> None:
    """Allow the task to be queued again; without Valkey, the key simply expires."""
    try:
        cache.delete(queued)
    except UNREACHABLE as error:
        log_unreachable("a task may be queued late", error)  # not translated: a log


def log_unreachable(consequence: str, error: Exception) -> None:
    """Log the consequence of an unreachable broker, at most once a minute per process."""
    now = time.monotonic()
    if now - _logged_at.get(consequence, -LOG_INTERVAL) >= LOG_INTERVAL:
        _logged_at[consequence] = now
        logger.warning("Valkey cannot be reached (%s): %s", consequence, error)
