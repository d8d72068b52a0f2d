"""Create the waves of surveys that are sent a number of days after each completion."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import reporting_clock
from kpis.definitions.periods import Period, latest
from outcomes.models import Survey, Wave

DAYS_AFTER_COMPLETION = (30, 90, 180)
# after the month in which the last learners of a wave are invited
OPEN_FOR = timedelta(days=30)


def plan_waves(now: datetime) -> int:
    """Create the missing waves of surveys that follow completion, and return their number.

    There is one wave per month and number of days, for learners who reach that number of days
    after their completion in the month.
    """
    new = 0
    for survey in Survey.objects.filter(follows_completion=True, is_active=True):
        # last month too, in case no worker was running when it ended
        for month in latest(2, "month", reporting_clock.reporting_zone(), now=now):
            if month.whole_end <= survey.created_at:
                continue
            new += sum(_create_wave(survey, month, days) for days in DAYS_AFTER_COMPLETION)
    return new


def _create_wave(survey: Survey, month: Period, days: int) -> bool:
    after = timedelta(days=days)
    _, is_new = Wave.objects.get_or_create(
        survey=survey,
        key=f"{month.label}-after-{days}-days",
        defaults={
            "opens_at": month.start,
            "closes_at": month.whole_end + OPEN_FOR,
            "days_after_completion": days,
            "completed_from": month.start - after,
            "completed_before": month.whole_end - after,
        },
    )
    return is_new
