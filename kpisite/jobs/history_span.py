"""Find the first day of the history of events, enrollments and figures."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Min

from core import reporting_clock
from curriculum.models import Enrollment
from intake.models import Event, Horizon
from kpis.definitions.periods import local_day
from kpis.models import Measurement


def first_and_last_day(now: datetime) -> tuple[date, date]:
    """Return the first day of the history, and today; today twice if there is no history.

    The history begins with the first event, even if purged, enrollment or figure.
    """
    moments: list[datetime | None] = [
        now,
        Event.objects.aggregate(first=Min("occurred_at"))["first"],
        Horizon.objects.aggregate(first=Min("first_occurred_at"))["first"],
        Enrollment.objects.aggregate(first=Min("started_at"))["first"],
    ]
    found = [local_day(at, reporting_clock.reporting_zone()) for at in moments if at]
    figures: date | None = Measurement.objects.aggregate(first=Min("period_start"))["first"]
    return min([*found, *([figures] if figures else [])]), found[0]
