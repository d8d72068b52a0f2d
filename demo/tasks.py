from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from demo import remove, status


@shared_task
def remove_demonstration() -> bool:
    """Do the removal that was asked for; the schedule repeats this in case a worker was killed."""
    try:
        return remove.complete(timezone.now())
    except status.Busy:
        return False
