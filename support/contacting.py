"""Note a contact with a learner."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from core import reporting_clock
from core.database.locks import queue_to_write
from curriculum.models import Enrollment
from kpis.definitions.periods import local_day
from support.models import Contact, Standing


def note_contact(
    enrollment: Enrollment,
    by: User,
    *,
    on: date,
    channel: str,
    result: str,
    note: str = "",
    now: datetime,
) -> Contact:
    """Store a contact, once however often it is sent; ValidationError for an impossible day."""
    zone = reporting_clock.reporting_zone()
    if on > local_day(now, zone):
        raise ValidationError({"on": gettext("This day is in the future. Note it afterwards.")})
    if on < local_day(enrollment.started_at, zone):
        raise ValidationError({"on": gettext("This day is before the learner's start.")})
    what = {"on": on, "channel": channel, "result": result, "note": note, "noted_by": by}
    with queue_to_write(), transaction.atomic():
        # a form sent twice at once would be stored twice
        Enrollment.objects.select_for_update().get(pk=enrollment.pk)
        same = Contact.objects.filter(enrollment=enrollment, **what).first()
        if same:
            return same
        standing = Standing.objects.filter(enrollment=enrollment).first()
        score = standing.score if standing else None
        return Contact.objects.create(enrollment=enrollment, noted_at=now, score=score, **what)
