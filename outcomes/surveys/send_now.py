"""Send a wave now, because somebody asks for it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from outcomes.models import Wave
from outcomes.surveys import tasks


class CannotSend(Exception):  # noqa: N818 - it is an answer to who asks
    """Why not, as a sentence."""


@transaction.atomic
def send_now(wave: Wave, now: datetime) -> None:
    """Open a wave now, if it is not open yet, and send what is due; CannotSend says why not."""
    if wave.opens_at is None or wave.closes_at is None:
        raise CannotSend("an outside system sends it; give it a first and a last moment first.")
    if wave.closes_at <= now:
        raise CannotSend("it is closed.")
    if not wave.survey.is_active:
        raise CannotSend("its survey is switched off.")
    if wave.days_after_completion is not None and wave.opens_at > now:
        raise CannotSend("it follows completions, which are still to come.")
    Wave.objects.filter(pk=wave.pk, opens_at__gt=now).update(opens_at=now)
    transaction.on_commit(partial(tasks.send_wave.delay, wave.pk))
