"""Admin pages of accounts, groups, API keys and the records of access."""

from __future__ import annotations

from accounts.admin import access_records, api_keys, learner_exports, users

__all__ = ["access_records", "api_keys", "learner_exports", "users"]
