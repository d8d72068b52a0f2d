from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.db import InterfaceError, OperationalError

from outcomes.feedback import pending_comments


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def read_feedback() -> None:
    """Read what learners wrote since the last time, and sort it by theme."""
    if pending_comments.is_any():
        # it loads large libraries, which a worker without comments can do without
        import_module("outcomes.feedback.analysis").analyze_comments()
