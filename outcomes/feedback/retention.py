"""Delete what learners wrote after a time, and keep what they answered on scales."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core.database import locks
from core.database.id_lists import ids_in
from intake.models import Event
from intake.purging import purge
from outcomes.models import CommentAnalysis, QuoteConsent, Response, Testimonial

# per transaction, so that other writers never wait for long
BATCH = 500


def delete_comments(before: datetime) -> int:
    """Delete comments of answers given before a moment, with their analysis, quotation and event.

    The event is purged, since a replay would bring the comment back; its receipt stays. Returns
    the number of comments.
    """
    deleted = 0
    while (done := _delete_some(before)) is not None:
        deleted += done
    return deleted


def _delete_some(before: datetime) -> int | None:
    events = Event.objects.filter(
        kind="survey.answered", occurred_at__lt=before, data__has_key="comment"
    )
    answers = Response.objects.filter(answered_at__lt=before).exclude(comment="")
    first = answers.values_list("enrollment__run__course", flat=True).first()
    first = first or events.values_list("course", flat=True).first()
    if first is None:
        return None
    with locks.queue_to_write(), transaction.atomic():
        locks.lock_course_exclusive(first)
        mine = list(events.filter(course=first).order_by().values_list("pk", flat=True)[:BATCH])
        purge(Event.objects.filter(pk__in=ids_in(mine)))
        ids = list(
            answers.filter(enrollment__run__course=first)
            .order_by()
            .values_list("pk", flat=True)[:BATCH]
        )
        CommentAnalysis.objects.filter(response__in=ids_in(ids)).delete()
        Testimonial.objects.filter(response__in=ids_in(ids)).delete()
        QuoteConsent.objects.filter(response__in=ids_in(ids)).delete()
        Response.objects.filter(pk__in=ids_in(ids)).update(comment="", may_quote=False, language="")
    return len(ids)
