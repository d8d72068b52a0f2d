"""The names of what can change on an open page: figures by category and period kind, and others."""

from __future__ import annotations

from collections.abc import Collection

ALERTS = "alerts"
TARGETS = "targets"
# a page that shows more courses follows all courses
MAX_COURSES = 20


def topics_of_page(
    category: str, period_kind: str, course_ids: Collection[int] | None = None
) -> list[str]:
    """The topics that a page showing figures of these courses follows; None: all courses."""
    if course_ids is None or len(course_ids) > MAX_COURSES:
        return [f"{category}.{period_kind}"]
    return [f"{category}.{period_kind}.{course}" for course in sorted(course_ids)]


def topics_of_change(category: str, period_kind: str, course_ids: Collection[int]) -> list[str]:
    """The topics that change with new figures of these courses: each course, and all courses."""
    return [
        f"{category}.{period_kind}",
        *(f"{category}.{period_kind}.{course}" for course in course_ids),
    ]
