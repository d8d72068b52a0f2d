from __future__ import annotations

from celery import shared_task
from django.utils import timezone

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
