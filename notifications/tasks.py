from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core import task_queue
from notifications import outbox, restatements
from notifications.delivery.deliver import DeliveryRun


@shared_task
def deliver_notifications() -> int:
    """Deliver what is due; notifications that arrive meanwhile queue another run."""
    task_queue.mark_started(outbox.QUEUED)
    restatements.enqueue_settled(timezone.now())
    return DeliveryRun().deliver()
