"""Send a survey wave immediately, at the request of staff."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext

from outcomes.models import Wave
from outcomes.surveys import tasks


class CannotSend(Exception):  # noqa: N818 - an expected outcome, shown to staff
    """A wave cannot be sent; the message is a sentence with the reason."""


@transaction.atomic
def send_now(wave: Wave, now: datetime) -> None:
    """Open a wave if it is not open yet, and send its e-mails; raise CannotSend if that fails."""
    if wave.opens_at is None or wave.closes_at is None:
        raise CannotSend(gettext("An external system sends this wave."))
    if wave.closes_at <= now:
        raise CannotSend(gettext("This wave is closed."))
    if not wave.survey.is_active:
        raise CannotSend(gettext("The survey is not active."))
    if wave.days_after_completion is not None and wave.opens_at > now:
        raise CannotSend(gettext("This wave follows completions that have not happened yet."))
    Wave.objects.filter(pk=wave.pk, opens_at__gt=now).update(opens_at=now)
    transaction.on_commit(partial(tasks.send_wave.delay, wave.pk))
