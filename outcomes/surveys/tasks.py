from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from outcomes.models import Wave
from outcomes.surveys import scheduling, sending


@shared_task
def send_surveys() -> None:
    """Create the waves that follow completions, and send the e-mails of all open waves."""
    now = timezone.now()
    scheduling.plan_waves(now)
    sending.send_due(now)


@shared_task
def send_wave(wave_id: int) -> None:
    """Send the e-mails of one wave, if it is open."""
    now = timezone.now()
    for wave in Wave.objects.open(now).filter(pk=wave_id).select_related("survey"):
        sending.send_wave(wave, now)
