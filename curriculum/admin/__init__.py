"""What staff see and turn; an import of each part registers it."""

from __future__ import annotations

from curriculum.admin import courses, dials, enrollments, keys, learners, people

__all__ = ["courses", "dials", "enrollments", "keys", "learners", "people"]
