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

# what was missing may have come in since
CURABLE = (
    *("unknown_learner", "unknown_course", "unknown_module", "unknown_run", "unknown_object"),
    "not_enrolled",
)
TRIED_FOR = timedelta(days=7)
AT_ONCE = 5_000


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def retry_rejected() -> int:
    """Try again what was rejected lately for want of what it refers to; returns how many got in.

    Bounded: those that have waited longest since they were last tried, so that each has its turn.
    """
    now = timezone.now()
    rows = RejectedEvent.objects.open().filter(code__in=CURABLE, received_at__gte=now - TRIED_FOR)
    turn = list(rows.order_by(F("tried_at").asc(nulls_first=True), "pk")[:AT_ONCE])
    RejectedEvent.objects.filter(pk__in=[row.pk for row in turn]).update(tried_at=now)
    taken = 0
    for name, some in groupby(sorted(turn, key=_by_sender), key=lambda row: row.sender):
        if sender := sender_named(name):
            outcomes = retry(list(some), sender)
            taken += sum(not one.is_rejected for one in outcomes)
    return taken


def _by_sender(row: RejectedEvent) -> tuple[str, int]:
    return row.sender, row.pk
