from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from dashboard import weekly_summary
from dashboard.reports import schedule


@shared_task
def write_summaries() -> int:
    return weekly_summary.write_due(timezone.now())


@shared_task
def write_reports() -> int:
    return schedule.write_due(timezone.now())
