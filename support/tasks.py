from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from support import following, training


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=3)
def train_and_follow() -> None:
    """Make a model if one is due, and measure what contacted learners did."""
    now = timezone.now()
    training.train_if_due(now)
    following.follow(now)
