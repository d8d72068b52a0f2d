"""Events sent in, and the daily activity and marks that they make."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from engagement.models import DailyActivity
from intake.tests.lms import send, statuses
from kpis.models import StaleDay


def tell(*raws: dict[str, Any]) -> None:
    assert set(statuses(send(*raws))) == {"accepted"}


def days() -> list[tuple[Any, ...]]:
    columns = ("module__key", "day", "interactions", "productive", "content", "quiz")
    return sorted(DailyActivity.objects.values_list(*columns), key=repr)


def marks() -> QuerySet[StaleDay]:
    """The marks of engagement; other categories hear of enrolments too."""
    return StaleDay.objects.filter(key="engagement")


def marked() -> list[int]:
    """The days of January that are to be measured again."""
    return sorted(set(marks().filter(day__month=1).values_list("day__day", flat=True)))
