"""What is marked stale, for tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kpis.models import StaleDay


def marked_days(**conditions: Any) -> set[date]:
    """Return each day that is marked stale in rows that meet these conditions."""
    return {day for _, _, day in marks(**conditions)}


def marks(**conditions: Any) -> set[tuple[str, str | None, date]]:
    """Return the stale key, the key of the course and the day of each mark."""
    return {
        (row.key, row.course.key if row.course else None, row.first + timedelta(days=passed))
        for row in StaleDay.objects.filter(**conditions).select_related("course")
        for passed in range((row.last - row.first).days + 1)
    }
