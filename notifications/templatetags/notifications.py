from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from notifications.inbox import unread_of
from notifications.outbox.payloads import headline_of

register = template.Library()
# the newest; all are marked as read together
SHOWN = 10


@register.simple_tag
def unread_notices(user: User) -> list[dict[str, Any]]:
    """What a user was told in the product and has not read, the newest first."""
    return [
        {"text": headline_of(row.payload), "at": row.sent_at, "alert": row.payload["alert"]["id"]}
        for row in unread_of(user)[:SHOWN]
    ]
