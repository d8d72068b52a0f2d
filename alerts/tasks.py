from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from alerts.evaluation import pending_evaluations
from alerts.evaluation.evaluate import evaluate
from core import task_queue


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def evaluate_changed() -> int:
    """Judge what changed or closed; cleared first, so that a change meanwhile queues the next."""
    task_queue.mark_started(pending_evaluations.QUEUED)
    return evaluate()
