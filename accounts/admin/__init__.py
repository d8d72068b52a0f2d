"""Admin pages of accounts, invitations, groups, second factors, API keys and the records of access."""

from __future__ import annotations

from accounts.admin import (
    access_records,
    api_keys,
    invitations,
    learner_exports,
    second_factor,
    users,
)

__all__ = [
    "access_records",
    "api_keys",
    "invitations",
    "learner_exports",
    "second_factor",
    "users",
]
