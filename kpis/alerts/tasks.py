from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from kpis import broker
from kpis.alerts import unjudged
from kpis.alerts.judge import judge


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def judge_changed() -> int:
    """Judge what changed or closed; cleared first, so that a change meanwhile queues the next."""
    broker.has_begun(unjudged.QUEUED)
    return judge()
