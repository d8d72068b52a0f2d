"""When each task last ended, and how: kept in Valkey by the workers, for the doctor."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from celery.signals import task_postrun
from django.core.cache import cache

from core import task_queue
from core.redis_cache import valkey

KEY = "last-runs"
# since when runs are kept; without it, a job that never ran would not be missed
SINCE = "since"


@dataclass(frozen=True)
class LastRun:
    ended_at: float
    is_success: bool


@task_postrun.connect
def keep(task: Any = None, state: str | None = None, **_: Any) -> None:
    with suppress(*task_queue.UNREACHABLE):
        note(task.name if task else "", is_success=state == "SUCCESS", at=time.time())


def note(task: str, *, is_success: bool, at: float) -> None:
    server, key = valkey(), cache.make_key(KEY)
    server.hsetnx(key, SINCE, json.dumps([at, True]))
    server.hset(key, task, json.dumps([at, is_success]))


def known() -> dict[str, LastRun]:
    """Return the last run of each task by name; `SINCE` is the first that was kept."""
    stored = cast("dict[bytes, bytes]", valkey().hgetall(cache.make_key(KEY)))
    return {name.decode(): LastRun(*json.loads(value)) for name, value in stored.items()}
