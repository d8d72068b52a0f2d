"""The lists of the admin, and the choice of an action for some of their rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from improvement.models import AdjustmentRule
from improvement.tests.answering import APRIL

# an hour after the bad month of March has closed
NOW = APRIL + timedelta(hours=1)
HOME = "/admin/improvement/"
RULES, ADJUSTMENTS = f"{HOME}adjustmentrule/", f"{HOME}adjustment/"


def chosen(client: Client, action: str, *rows: Any) -> str:
    """Choose an action for rows of a list, confirm it, and return the page that follows."""
    page = RULES if isinstance(rows[0], AdjustmentRule) else ADJUSTMENTS
    ids = [str(one.pk) for one in rows]
    sent = {"action": action, "_selected_action": ids, "confirmed": "yes"}
    return client.post(page, sent, follow=True).content.decode()
