"""Accounts, their grants and invitations, API keys, and who saw data of people."""

from __future__ import annotations

from accounts.models.access_records import AccessRecord
from accounts.models.api_key_use import ApiKeyUse
from accounts.models.api_keys import ApiKey, FormerSecret
from accounts.models.course_grants import CourseGrant
from accounts.models.invitations import Invitation
from accounts.models.run_grants import RunGrant
from accounts.models.sessions import Session
from accounts.models.shipped_groups import ShippedGroup
from accounts.models.users import User

__all__ = [
    "AccessRecord",
    "ApiKey",
    "ApiKeyUse",
    "CourseGrant",
    "FormerSecret",
    "Invitation",
    "RunGrant",
    "Session",
    "ShippedGroup",
    "User",
]
