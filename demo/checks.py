from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from demo import known_password


def no_password_is_known(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a deployment in which anybody can sign in with the demonstration's password."""
    try:
        known = known_password.holders()
    except DatabaseError:
        # nothing is there yet, accounts neither
        return []
    if known:
        words = f"{len(known)} accounts have the demonstration's password, which everybody knows."
        hint = "Run manage.py replace_demo_passwords, or close them."
        return [Error(words, hint=hint, id="kpisite.E004")]
    return []
