"""Send events, and read the daily activity and the stale days that follow."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from engagement.models import DailyActivity
from intake.tests.lms import send, statuses
from kpis.models import StaleDay
from kpis.tests.stale import marked_days


def accept(*raws: dict[str, Any]) -> None:
    assert set(statuses(send(*raws))) == {"accepted"}


def days() -> list[tuple[Any, ...]]:
    columns = ("module__key", "day", "interactions", "productive", "content", "quiz")
    return sorted(DailyActivity.objects.values_list(*columns), key=repr)


def stale_days() -> QuerySet[StaleDay]:
    """The stale days of engagement, without those of other categories."""
    return StaleDay.objects.filter(key__startswith="engagement.")


def stale_january_days() -> list[int]:
    """The days of January that are marked stale."""
    return sorted(day.day for day in marked_days(key__startswith="engagement.") if day.month == 1)
