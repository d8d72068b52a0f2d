from __future__ import annotations

from celery import shared_task
from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from kpis import dirty, measure
from kpis.alerts.judge import judge
from kpis.notices import outbox, weekly
from kpis.notices.delivery import Round


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def measure_dirty() -> int:
    """Measure the marked cells and judge what closed; cleared first, so that a mark made
    meanwhile queues the next.
    """
    cache.delete(dirty.QUEUED)
    written = measure.measure_dirty()
    judge()
    return written


@shared_task
def deliver_notices() -> int:
    """Deliver what waits; cleared first, so that what is written meanwhile queues the next."""
    cache.delete(outbox.QUEUED)
    return Round().deliver()


@shared_task
def write_summaries() -> int:
    return weekly.write_due(timezone.now())
