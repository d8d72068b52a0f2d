from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from dashboard import weekly_summary


@shared_task
def write_summaries() -> int:
    return weekly_summary.write_due(timezone.now())
