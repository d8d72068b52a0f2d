"""The version of what a page watches: asked by every open page, read from Valkey but rarely."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from core import task_queue
from dashboard.live import change_times

# in seconds: how long an answer serves all who ask the same
FRESH_FOR = 0.05
# how long Valkey is left alone after it did not answer, and the rows are not read again
AWAY_FOR = 1.0
MOST_KEPT = 1_000

Topics = tuple[str, ...]


class Versions:
    """What this process has read lately; `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Topics, tuple[float, str]] = {}
        self._away_until = 0.0
        self._lock = Lock()

    def of(self, topics: Topics) -> str:
        kept_until, version = self._kept.get(topics, (0.0, ""))
        if self._clock() < kept_until:
            return version
        return self.read(topics)

    def read(self, topics: Topics) -> str:
        """Read it now; pages that opened with an older one would miss what moved meanwhile."""
        if self._clock() >= self._away_until:
            try:
                return self._keep(topics, change_times.from_valkey(topics), FRESH_FOR)
            except task_queue.UNREACHABLE as error:
                self._away_until = self._clock() + AWAY_FOR
                task_queue.log_unreachable("open pages are served from the rows", error)
        return self._from_rows()

    def _from_rows(self) -> str:
        with self._lock:
            kept_until, version = self._kept.get((), (0.0, ""))
            if self._clock() < kept_until:
                return version
            return self._keep((), change_times.from_rows(), AWAY_FOR)

    def _keep(self, topics: Topics, version: str, seconds: float) -> str:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[topics] = self._clock() + seconds, version
        return version


VERSIONS = Versions()
