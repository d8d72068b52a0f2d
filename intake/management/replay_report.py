from __future__ import annotations

from collections.abc import Collection

from curriculum.models import Course
from intake.facts import rebuildable


def left_as_is(courses: Collection[Course] | None = None) -> str:
    """Say what a replay leaves as it is, since events have been purged; empty if nothing."""
    left = rebuildable.left_as_is(courses)
    parts = []
    if left.enrollments:
        parts.append(f"enrollments in {', '.join(left.courses)}: {left.enrollments:,}")
    if left.other_facts:
        parts.append(
            f"payments, subscription changes, invitations and referrals: {left.other_facts:,}"
        )
    if not parts:
        return ""
    return f"Left as they were, because events of them have been purged: {'; '.join(parts)}."
