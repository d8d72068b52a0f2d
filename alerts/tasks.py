from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from alerts.evaluation import pending_evaluations
from alerts.evaluation.evaluate import evaluate
from core import task_queue


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def evaluate_changed() -> int:
    """Evaluate what changed or closed; changes that arrive meanwhile queue another run."""
    task_queue.mark_started(pending_evaluations.QUEUED)
    return evaluate()
