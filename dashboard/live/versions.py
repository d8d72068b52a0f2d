"""The version of what a page shows: from change times in Valkey, or from the database."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from threading import Lock

from django.core.cache import cache
from django.db.models import Max

from alerts.models import AlertEvent
from core import task_queue
from core.database import replica
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement, Target

PREFIX = "live."
FRESH_FOR_SECONDS = 0.05
# after a failure, do not try Valkey again for so long, and read the database once
OUTAGE_SECONDS = 1.0
MAX_CACHED = 1_000

Topics = tuple[str, ...]


def publish_change(topics: Collection[str]) -> None:
    """Record that these topics changed now; call it after their rows are committed.

    If Valkey is down, nothing is recorded: pages reload anyway once it is back.
    """
    now = time.time_ns()
    try:
        # pages that hear of the change must find it
        replica.note_write(replica.EVERYBODY)
        cache.set_many({PREFIX + topic: now for topic in topics}, timeout=None)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("open pages update later", error)  # not translated: a log


class VersionCache:
    """Cache the versions that this process has read recently; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._cached: dict[Topics, tuple[float, str]] = {}
        self._valkey_is_down_until = 0.0
        self._lock = Lock()

    def version_of(self, topics: Topics) -> str:
        expires, version = self._cached.get(topics, (0.0, ""))
        if self._clock() < expires:
            return version
        return self.read(topics)

    def read(self, topics: Topics) -> str:
        """Return the current version, not a cached one.

        A new page needs it: with an older version it would miss the changes in between.
        """
        if self._clock() >= self._valkey_is_down_until:
            try:
                return self._store(topics, _version_in_valkey(topics), FRESH_FOR_SECONDS)
            except task_queue.UNREACHABLE as error:
                self._valkey_is_down_until = self._clock() + OUTAGE_SECONDS
                otherwise = "open pages follow the database instead"  # not translated: a log
                task_queue.log_unreachable(otherwise, error)
        return self._read_from_database()

    def _read_from_database(self) -> str:
        with self._lock:
            expires, version = self._cached.get((), (0.0, ""))
            if self._clock() < expires:
                return version
            return self._store((), _version_in_database(), OUTAGE_SECONDS)

    def _store(self, topics: Topics, version: str, seconds: float) -> str:
        if len(self._cached) >= MAX_CACHED:
            self._cached.clear()
        self._cached[topics] = self._clock() + seconds, version
        return version


def _version_in_valkey(topics: Collection[str]) -> str:
    """A hash that changes when one of the topics does."""
    change_times = cache.get_many([PREFIX + topic for topic in topics])
    return _hash("valkey", *(change_times.get(PREFIX + topic, 0) for topic in topics))


def _version_in_database() -> str:
    """A hash that changes when any figure, alert or target does.

    The site's measurements stand for all others: they change with each of them.
    """
    site = Measurement.objects.filter(kpi__in=list(REGISTRY), scope="site", scope_id=0)
    return _hash(
        "rows",
        site.aggregate(latest=Max("computed_at"))["latest"],
        AlertEvent.objects.aggregate(latest=Max("pk"))["latest"],
        Target.objects.aggregate(latest=Max("pk"))["latest"],
    )


def _hash(*parts: object) -> str:
    return hashlib.blake2s(repr(parts).encode(), digest_size=8).hexdigest()


VERSIONS = VersionCache()
