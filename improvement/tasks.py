from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from core import task_queue
from improvement import answer_queue
from improvement.answer import answer


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def answer_alerts() -> int:
    """Answer alerts that opened or recovered; those that come meanwhile queue another run."""
    task_queue.mark_started(answer_queue.QUEUED)
    return answer()
