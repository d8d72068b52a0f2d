from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from core import fan_out


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def take_work(name: str) -> None:
    """Do a part of a work; the next part is a task of its own, so that other tasks get turns."""
    if fan_out.take(name):
        fan_out.invite(name, tasks=1)
