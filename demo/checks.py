from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from demo import known_password


def no_password_is_known(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Report an error if an account of a deployment has the known demonstration password."""
    try:
        known = known_password.holders()
    except DatabaseError:
        # the tables do not exist yet
        return []
    if known:
        words = f"Accounts with the publicly known demonstration password: {len(known)}."
        hint = "Run manage.py replace_demo_passwords, or deactivate the accounts."
        return [Error(words, hint=hint, id="kpisite.E004")]
    return []
