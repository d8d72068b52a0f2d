from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from outcomes.feedback import waiting
from outcomes.models import Wave
from outcomes.surveys import scheduling, sending


@shared_task
def send_surveys() -> None:
    """Make the waves that follow completion, and send what is due of every open one."""
    now = timezone.now()
    scheduling.plan_waves(now)
    sending.send_due(now)


@shared_task
def send_wave(wave_id: int) -> None:
    """Send what is due of one wave, if it is open."""
    now = timezone.now()
    for wave in Wave.objects.open(now).filter(pk=wave_id).select_related("survey"):
        sending.send_wave(wave, now)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def read_feedback() -> None:
    """Read what learners wrote since the last time, and sort it by theme."""
    if waiting.is_any():
        # it loads large libraries, which a worker without comments can do without
        import_module("outcomes.feedback.reading").run()
