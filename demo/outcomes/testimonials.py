"""Approve some of the quotable comments as testimonials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from core import reporting_clock
from kpis.definitions.periods import containing, local_day
from outcomes.feedback import theme_actions
from outcomes.models import Response

PER_COURSE = 3
CONSIDERED = 200


def approve(by: User, now: datetime) -> None:
    """Approve the latest quotable comments of each course from the complete months."""
    month = containing(
        local_day(now, reporting_clock.reporting_zone()), "month", reporting_clock.reporting_zone()
    )
    quotable = Response.objects.filter(may_quote=True, answered_at__lt=month.start)
    latest = quotable.exclude(comment="").order_by("-answered_at", "pk")[:CONSIDERED]
    for response in _few_per_course(latest.select_related("enrollment__run")):
        theme_actions.approve(response, by=by)


def _few_per_course(responses: Iterable[Response]) -> list[Response]:
    """Choose a few per course, without repeating a text."""
    kept: dict[str, Response] = {}
    courses: Counter[int] = Counter()
    for one in responses:
        course = one.enrollment.run.course_id
        if one.comment not in kept and courses[course] < PER_COURSE:
            kept[one.comment] = one
            courses[course] += 1
    return list(kept.values())
