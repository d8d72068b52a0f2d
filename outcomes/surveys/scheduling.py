"""Waves that make themselves: career surveys, so many days after each completion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from core import reporting_clock
from kpis.definitions.periods import Period, latest
from outcomes.models import Survey, Wave

DAYS = (30, 90, 180)
# after the month in which the last of a wave are asked
OPEN_FOR = timedelta(days=30)


def plan_waves(now: datetime) -> int:
    """Make the waves of surveys that follow completion; returns how many are new.

    There is one a month and number of days, for those who reach that number in the month.
    """
    new = 0
    for survey in Survey.objects.filter(follows_completion=True, is_active=True):
        for month in _months(survey, now):
            new += sum(_plan(survey, month, days) for days in DAYS)
    return new


def _months(survey: Survey, now: datetime) -> Iterator[Period]:
    """This month, and the last one, whose end may have found nobody at work."""
    for month in latest(2, "month", reporting_clock.reporting_zone(), now=now):
        if month.whole_end > survey.created_at:
            yield month


def _plan(survey: Survey, month: Period, days: int) -> bool:
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
