"""Write the reports that are due into the outbox, once the figures of their period are final."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction

from core import reporting_clock
from dashboard.models import ReportSubscription
from dashboard.reports.mail import KIND
from notifications.models import Notification
from notifications.outbox import deliver_on_commit

FROM_HOUR = time(7)
# a site that was down when a report was due sends it for so long
STILL_SENT = timedelta(days=2)
# figures that become final later are sent as provisional ones
LONGEST_WAIT = timedelta(days=6)
Frequency = ReportSubscription.Frequency


def write_due(now: datetime) -> int:
    """Write the reports that are due and still missing; return how many."""
    return sum(
        _write(one, first, now)
        for frequency, first, due_at in due(now)
        for one in ReportSubscription.objects.filter(
            frequency=frequency, ended_at=None, made_at__lt=due_at, user__is_active=True
        ).select_related("user")
    )


def due(now: datetime) -> Iterator[tuple[str, date, datetime]]:
    """Yield each frequency with the first day after its period, and the moment it was due."""
    today = now.astimezone(reporting_clock.reporting_zone()).date()
    monday = today - timedelta(days=today.weekday())
    starts = {
        Frequency.WEEKLY: (monday, monday - timedelta(days=7)),
        Frequency.MONTHLY: (today.replace(day=1),),
    }
    for frequency, days in starts.items():
        for first in days:
            due_at = _due_at(first)
            if due_at <= now < due_at + STILL_SENT:
                yield frequency, first, due_at


def _due_at(first: date) -> datetime:
    morning = datetime.combine(first, FROM_HOUR, reporting_clock.reporting_zone())
    return morning + min(reporting_clock.close_lag(), LONGEST_WAIT)


def _write(subscription: ReportSubscription, first: date, now: datetime) -> bool:
    """Write one report; False if it was written before. Its content is read when it is sent."""
    values = {
        "to": subscription.user.email,
        "payload": {"kind": KIND, "subscription": subscription.pk},
        "next_try_at": now,
    }
    key = f"report-{subscription.pk}-{first}"
    with transaction.atomic():
        _, is_new = Notification.objects.get_or_create(key=key, defaults=values)
        if is_new:
            deliver_on_commit()
    return is_new
