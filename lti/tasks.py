from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from lti import roster


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=3)
def read_rosters() -> None:
    """Read the rosters of all connected courses of LMSs."""
    roster.read_rosters(timezone.now())
