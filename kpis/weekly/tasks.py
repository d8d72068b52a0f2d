from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from kpis.weekly import summary


@shared_task
def write_summaries() -> int:
    return summary.write_due(timezone.now())
