"""Find the first day of the history of events, enrollments and figures."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Min

from core import reporting_clock
from curriculum.models import Enrollment
from intake.models import Event
from kpis.definitions.periods import local_day
from kpis.models import Measurement


def first_and_last_day(now: datetime) -> tuple[date, date]:
    """Return the day of the first event, enrollment or figure, and today; today twice if none."""
    moments: list[datetime | None] = [
        now,
        Event.objects.aggregate(first=Min("occurred_at"))["first"],
        Enrollment.objects.aggregate(first=Min("started_at"))["first"],
    ]
    found = [local_day(at, reporting_clock.reporting_zone()) for at in moments if at]
    figures: date | None = Measurement.objects.aggregate(first=Min("period_start"))["first"]
    return min([*found, *([figures] if figures else [])]), found[0]
