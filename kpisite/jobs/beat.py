"""Celery's beat, which goes on when the clock is set back, and shows that it sends."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from django.core.cache import cache

from core import task_queue

logger = logging.getLogger(__name__)

SENT_KEY = "beat-sent"
# what is due most often is due every 30 seconds
SENT_SECONDS = 120


class Scheduler(PersistentScheduler):
    """Keeps in a file when each task was last sent, and doubts what lies in the future."""

    def setup_schedule(self) -> None:
        super().setup_schedule()
        note_sent()

    def tick(self, *given: Any, **more: Any) -> float:
        self._forget_the_future()
        return float(super().tick(*given, **more))

    def _forget_the_future(self) -> None:
        """Count from now where a task was last sent later than now: the clock was set back.

        Celery would send nothing until the clock has caught up.
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
            # the next turns are worked out anew
            self._heap = None
            logger.warning("the clock was set back: beat goes on by the new time")

    def apply_async(self, entry: ScheduleEntry, *given: Any, **more: Any) -> Any:
        sent = super().apply_async(entry, *given, **more)
        note_sent()
        return sent


def note_sent() -> None:
    """Note for the site's health that a task was sent, or that beat begins."""
    try:
        cache.set(SENT_KEY, int(time.time()), SENT_SECONDS)
    except task_queue.UNREACHABLE as error:
        task_queue.log_unreachable("beat cannot show that it runs", error)
