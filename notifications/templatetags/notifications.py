from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from notifications.inbox import unread_of

register = template.Library()
MAX_SHOWN = 10


@register.simple_tag
def unread_notifications(user: User) -> list[dict[str, Any]]:
    """Return a user's latest unread notifications."""
    return [
        {"text": row.headline, "at": row.sent_at, "alert": row.payload["alert"]["id"]}
        for row in unread_of(user)[:MAX_SHOWN]
    ]
