from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone

from intake.events.senders import sender_named
from intake.models import RejectedEvent
from intake.replay import retry

# the missing row may exist by now
RETRYABLE = (
    *("unknown_learner", "unknown_course", "unknown_module", "unknown_run", "unknown_object"),
    "not_enrolled",
)
RETRY_PERIOD = timedelta(days=7)
MAX_RETRIED = 5_000


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def retry_rejected() -> int:
    """Retry events rejected in the last week for a missing row; return how many were accepted.

    A run retries a limited number, starting with those that were not tried for the longest time.
    """
    now = timezone.now()
    rows = RejectedEvent.objects.open().filter(
        code__in=RETRYABLE, received_at__gte=now - RETRY_PERIOD
    )
    due = list(rows.order_by(F("tried_at").asc(nulls_first=True), "pk")[:MAX_RETRIED])
    RejectedEvent.objects.filter(pk__in=[row.pk for row in due]).update(tried_at=now)
    accepted = 0
    for name, some in groupby(sorted(due, key=_by_sender), key=lambda row: row.sender):
        if sender := sender_named(name):
            outcomes = retry(list(some), sender)
            accepted += sum(not one.is_rejected for one in outcomes)
    return accepted


def _by_sender(row: RejectedEvent) -> tuple[str, int]:
    return row.sender, row.pk
