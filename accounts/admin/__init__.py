"""Admin pages of accounts, invitations, groups, second factors, keys and records of access."""

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
