"""How much work waits, and for how long."""

from __future__ import annotations

from datetime import datetime

import redis
from django.conf import settings
from django.db.models import Min

from kpis.models import StaleDay, StalePeriod

QUEUE = "celery"


def recompute_lag(now: datetime) -> float:
    """Return how many seconds the oldest stale mark has waited; 0 without any."""
    oldest = [
        found
        for rows in (StaleDay.objects, StalePeriod.objects)
        if (found := rows.aggregate(oldest=Min("since"))["oldest"])
    ]
    return max((now - min(oldest)).total_seconds(), 0.0) if oldest else 0.0


def queue_length() -> int:
    """Return how many jobs no worker has taken yet."""
    server = redis.Redis.from_url(settings.VALKEY.for_django(), socket_timeout=5)
    return server.llen(QUEUE)
