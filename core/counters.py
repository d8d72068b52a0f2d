"""Counts of what programs did, kept in Valkey so that every host can report them."""

from __future__ import annotations

import json
from typing import cast

from django.conf import settings
from django.core.cache import cache

from core import task_queue
from core.redis_cache import valkey

KEY = "counters"
# the name of what is counted, and its labels in their order
Counter = tuple[str, ...]


def add(amounts: dict[Counter, float]) -> None:
    """Add amounts in one call; nothing is counted without metrics, or while Valkey is down."""
    if not settings.KPI_METRICS_TOKEN:
        return
    try:
        pipeline = valkey().pipeline(transaction=False)
        for counter, amount in amounts.items():
            pipeline.hincrbyfloat(cache.make_key(KEY), json.dumps(counter), amount)
        pipeline.execute()
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("some work is not counted", error)  # not translated: a log


def read() -> dict[Counter, float]:
    found = cast("dict[bytes, bytes]", valkey().hgetall(cache.make_key(KEY)))
    return {tuple(json.loads(name)): float(amount) for name, amount in found.items()}
