"""What may move while somebody looks on: figures, by category and kind of period, and the rest."""

from __future__ import annotations

from collections.abc import Collection

ALERTS = "alerts"
TARGETS = "targets"
# a page of more courses than this watches all courses
MOST_COURSES = 20


def to_watch(category: str, kind: str, course_ids: Collection[int] | None = None) -> list[str]:
    """What a page of some courses' figures watches; None: of every course."""
    if course_ids is None or len(course_ids) > MOST_COURSES:
        return [f"{category}.{kind}"]
    return [f"{category}.{kind}.{course}" for course in sorted(course_ids)]


def topics_of_change(category: str, kind: str, course_ids: Collection[int]) -> list[str]:
    """Whom the figures of these courses concern: who watches one of them, or all."""
    return [f"{category}.{kind}", *(f"{category}.{kind}.{course}" for course in course_ids)]
