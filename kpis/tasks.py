from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from core import task_queue
from core.durability import without_waiting_for_disk
from kpis.recompute import recompute_stale, stale_days
from kpis.signals import recompute_finished

# how long, in seconds, a task waits for its turn
WAIT_FOR = 5.0


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def recompute() -> int:
    """Measure the marked cells, one task at a time: two would do the same.

    Cleared first, so that a mark made meanwhile queues the next; and cleared only when it is
    our turn, so that no third waits beside it. Where the one before takes long, it is left to
    find our marks too.
    """
    with recompute_stale.recompute_lock(WAIT_FOR) as is_ours:
        task_queue.mark_started(stale_days.QUEUED)
        if not is_ours:
            return 0
        with without_waiting_for_disk():
            written = recompute_stale.recompute_stale()
    recompute_finished.send(None)
    return written
