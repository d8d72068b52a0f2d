from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.db import InterfaceError, OperationalError

from outcomes.feedback import pending_comments


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def read_feedback() -> None:
    """Analyze the comments that were written since the last run."""
    if pending_comments.exist():
        # imported here because it loads large libraries
        import_module("outcomes.feedback.analysis").analyze_comments()
