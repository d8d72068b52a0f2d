"""Admin pages of accounts, groups and API keys."""

from __future__ import annotations

from accounts.admin import api_keys, invitations, second_factor, users

__all__ = ["api_keys", "invitations", "second_factor", "users"]
