from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from core import task_queue
from core.database.durability import without_waiting_for_disk
from kpis.recompute import (
    definition_history,
    recompute_stale,
    shared_recompute,  # noqa: F401  declares work that workers share
    stale_days,
)
from kpis.signals import recompute_finished

# seconds that a task waits for the lock
WAIT_FOR = 5.0
# while events keep arriving, one step takes those of half a second, and leaves them the processor
PACE = 0.5


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def recompute() -> int:
    """Recompute everything stale, one task at a time; returns the number of figures written.

    The queued flag is cleared before the work, so that days which become stale meanwhile queue the
    next task, and only under the lock, so that no third task waits beside it. If the running task
    takes long, this one gives up: the other will find its stale days too.
    """
    with recompute_stale.recompute_lock(WAIT_FOR) as is_ours:
        task_queue.mark_started(stale_days.QUEUED)
        if not is_ours:
            return 0
        definition_history.queue_new_definitions(timezone.now())
        with without_waiting_for_disk():
            written = recompute_stale.recompute_stale(pace=PACE)
    recompute_finished.send(None)
    return written
