"""Valkey as a messenger that may be away: what it would carry waits, and is said now and then."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

AWAY = (OperationalError, RedisError, OSError)
# a task that was queued and lost blocks no other for longer than this, in seconds
QUEUED_FOR = 10
# an import without a running server would say the same thing hundreds of times
SILENCE = 60.0

_said_at: dict[str, float] = {}


def enqueue_once(task: str, *, queued: str, otherwise: str) -> None:
    """Queue a task, once until it begins and clears `queued`, its key in the cache.

    A broker that is away costs nothing but time; `otherwise` says what then becomes of the work.
    """
    try:
        if cache.add(queued, 1, timeout=QUEUED_FOR):
            current_app.send_task(task, retry=False)
    except AWAY as error:
        log_unreachable(otherwise, error)


def mark_started(queued: str) -> None:
    """Let the task be queued again; with Valkey away, the note of it runs out by itself."""
    try:
        cache.delete(queued)
    except AWAY as error:
        log_unreachable("a task may be asked for some seconds later", error)


def log_unreachable(what: str, error: Exception) -> None:
    """Warn of what happens meanwhile, at most once a minute in a process."""
    now = time.monotonic()
    if now - _said_at.get(what, -SILENCE) >= SILENCE:
        _said_at[what] = now
        logger.warning("%s, Valkey is away: %s", what, error)
