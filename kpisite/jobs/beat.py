"""A beat scheduler that survives a clock set back, leads alone, and reports that it is running."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

import redis
from celery.beat import PersistentScheduler, ScheduleEntry
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import LockError

from core import task_queue

logger = logging.getLogger(__name__)

SENT_KEY = "beat-sent"
# the most frequent task is due every 30 seconds
SENT_SECONDS = 120
# seconds after which another beat takes over from one that was killed
LEASE = 15


class Scheduler(PersistentScheduler):
    """Stores in a file when each task was last sent, and corrects times in the future.

    Any number of beats may run: one of them holds a lease in Valkey and sends, the others wait.
    """

    def __init__(self, app: Any, **more: Any) -> None:
        valkey = redis.Redis.from_url(settings.VALKEY.for_django())
        self._lease = valkey.lock(f"{app.main}-beat-leads", timeout=LEASE)
        super().__init__(app, **more)

    def setup_schedule(self) -> None:
        super().setup_schedule()
        record_sent()

    def tick(self, *given: Any, **more: Any) -> float:
        self._correct_future_times()
        if not self._leads():
            self._follow()
            return LEASE / 3
        return min(float(super().tick(*given, **more)), LEASE / 3)

    def close(self) -> None:
        try:
            self._lease.release()
        except (LockError, *task_queue.UNREACHABLE):
            logger.debug("no lease to release")
        super().close()

    def _leads(self) -> bool:
        """Extend the lease, or take it if it is free."""
        try:
            return self._lease.reacquire() if self._lease.owned() else self._take_lease()
        except (LockError, *task_queue.UNREACHABLE) as error:
            task_queue.log_unreachable("beat sends nothing", error)
            return False

    def _take_lease(self) -> bool:
        taken = bool(self._lease.acquire(blocking=False))
        if taken:
            logger.info("this beat leads")
        return taken

    def _follow(self) -> None:
        """Remember nothing as due but what the leader may not have sent before it was killed."""
        recent = self.app.now() - timedelta(seconds=2 * LEASE)
        for entry in self.schedule.values():
            entry.last_run_at = max(recent, entry.last_run_at or recent)
        # have Celery compute the next due times again
        self._heap = None

    def _correct_future_times(self) -> None:
        """Treat tasks that were last sent in the future as sent now: the clock was set back.

        Celery would otherwise send nothing until the clock has caught up.
        """
        now = self.app.now()
        ahead = [
            entry
            for entry in self.schedule.values()
            if entry.last_run_at and entry.last_run_at > now
        ]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            # have Celery compute the next due times again
            self._heap = None
            logger.warning("The clock was set back; beat continues from the new time")

    def apply_async(self, entry: ScheduleEntry, *given: Any, **more: Any) -> Any:
        sent = super().apply_async(entry, *given, **more)
        record_sent()
        return sent


def record_sent() -> None:
    """Record for the health check that a task was sent or that beat has started."""
    try:
        cache.set(SENT_KEY, int(time.time()), SENT_SECONDS)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("beat cannot report that it is running", error)
