from __future__ import annotations

from celery import shared_task

from kpis import broker
from kpis.notices import outbox
from kpis.notices.delivery import Round


@shared_task
def deliver_notices() -> int:
    """Deliver what waits; cleared first, so that what is written meanwhile queues the next."""
    broker.has_begun(outbox.QUEUED)
    return Round().deliver()
