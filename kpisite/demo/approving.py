"""What staff have looked through: some of the comments that may be quoted are testimonials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from curriculum.models import User
from outcomes.feedback import themes
from outcomes.models import Response

PER_COURSE = 3
LATEST = 200


def approve(by: User) -> None:
    """Approve the latest quotable comments of every course."""
    quotable = Response.objects.filter(may_quote=True).exclude(comment="")
    latest = quotable.select_related("enrollment__run").order_by("-answered_at", "pk")[:LATEST]
    for response in _some(latest):
        themes.approve(response, by=by)


def _some(responses: Iterable[Response]) -> list[Response]:
    """A few of each course, and no words twice."""
    kept: dict[str, Response] = {}
    courses: Counter[int] = Counter()
    for one in responses:
        course = one.enrollment.run.course_id
        if one.comment not in kept and courses[course] < PER_COURSE:
            kept[one.comment] = one
            courses[course] += 1
    return list(kept.values())
