from __future__ import annotations

from celery import shared_task

from core import task_queue
from notifications.delivery.deliver import DeliveryRun
from notifications.outbox import outbox


@shared_task
def deliver_notifications() -> int:
    """Deliver what waits; cleared first, so that what is written meanwhile queues the next."""
    task_queue.mark_started(outbox.QUEUED)
    return DeliveryRun().deliver()
