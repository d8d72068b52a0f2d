"""A beat scheduler that survives a clock set back and reports that it is running."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from django.core.cache import cache

from core import task_queue

logger = logging.getLogger(__name__)

SENT_KEY = "beat-sent"
# the most frequent task is due every 30 seconds
SENT_SECONDS = 120


class Scheduler(PersistentScheduler):
    """Stores in a file when each task was last sent, and corrects times in the future."""

    def setup_schedule(self) -> None:
        super().setup_schedule()
        record_sent()

    def tick(self, *given: Any, **more: Any) -> float:
        self._correct_future_times()
        return float(super().tick(*given, **more))

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
    except task_queue.AWAY as error:
        task_queue.log_unreachable("beat cannot report that it is running", error)
