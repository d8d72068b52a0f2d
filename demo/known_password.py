"""The publicly known demonstration password, and the accounts that still have it."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.db.models import Q

KNOWN = "learn-and-grow"
EMAILS = {
    "staff": "staff@example.com",
    "manager": "manager@example.com",
    "learner": "learner@example.com",
}


def holders() -> list[Any]:
    """The active demonstration accounts and superusers that have the known password."""
    ours = Q(email__in=EMAILS.values()) | Q(is_superuser=True)
    found = get_user_model().objects.filter(ours, is_active=True)
    return [one for one in found if check_password(KNOWN, one.password)]


def replace() -> dict[str, str]:
    """Give those accounts random passwords, and return them by e-mail address."""
    replaced = {}
    for account in holders():
        replaced[account.email] = token_urlsafe(12)
        account.set_password(replaced[account.email])
        account.save(update_fields=["password"])
    return replaced
