from __future__ import annotations

from celery import shared_task
from django.core.cache import cache
from django.db import InterfaceError, OperationalError

from kpis import dirty, measure
from kpis.alerts.judge import judge


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def measure_dirty() -> int:
    """Measure the marked cells and judge what closed; cleared first, so that a mark made
    meanwhile queues the next.
    """
    cache.delete(dirty.QUEUED)
    written = measure.measure_dirty()
    judge()
    return written
