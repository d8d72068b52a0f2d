"""Who signs in, what programs sign in with, and the courses that each may see."""

from __future__ import annotations

from accounts.models.access import ApiKey, CourseGrant
from accounts.models.users import User

__all__ = ["ApiKey", "CourseGrant", "User"]
