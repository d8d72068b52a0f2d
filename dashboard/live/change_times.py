"""When each topic last moved, kept in Valkey; the rows say it while Valkey is away."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection

from django.core.cache import cache
from django.db.models import Max

from alerts.models import AlertEvent
from core import task_queue
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement, Target

PREFIX = "live."


def publish(topics: Collection[str]) -> None:
    """Say that these topics have moved; call it once their rows are committed.

    A Valkey that is away is told nothing: pages notice that it has come back, and look again.
    """
    now = time.time_ns()
    try:
        cache.set_many({PREFIX + topic: now for topic in topics}, timeout=None)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("open pages are not told at once", error)


def from_valkey(topics: Collection[str]) -> str:
    """What changes whenever one of the topics does; RedisError or OSError when it is away."""
    found = cache.get_many([PREFIX + topic for topic in topics])
    return _short("valkey", *(found.get(PREFIX + topic, 0) for topic in topics))


def from_rows() -> str:
    """What changes whenever any figure, alert or target does, read from the database.

    The site's measurements tell of all others: they are their sums.
    """
    site = Measurement.objects.filter(kpi__in=list(REGISTRY), scope="site", scope_id=0)
    return _short(
        "rows",
        site.aggregate(latest=Max("computed_at"))["latest"],
        AlertEvent.objects.aggregate(latest=Max("pk"))["latest"],
        Target.objects.aggregate(latest=Max("pk"))["latest"],
    )


def _short(*parts: object) -> str:
    return hashlib.blake2s(repr(parts).encode(), digest_size=8).hexdigest()
