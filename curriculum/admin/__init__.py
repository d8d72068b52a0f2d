"""What staff see and turn; an import of each part registers it."""

from __future__ import annotations

from accounts.admin import api_keys, users
from curriculum.admin import courses, enrollments, learners, parameters

__all__ = ["courses", "dials", "enrollments", "keys", "learners", "people"]
