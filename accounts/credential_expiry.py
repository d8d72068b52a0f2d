"""Until when a credential stays valid if nothing stored changes, by the clock alone."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import api_keys
from accounts.models import ApiKey, User
from accounts.sign_in import sessions


def valid_until(request: HttpRequest) -> float:
    """Return the moment, in seconds, until which the request would be accepted unchanged.

    Until then it would have no other effect either, such as recording a use or renewing a cookie.
    0 without a valid credential.
    """
    principal: object = getattr(request, "user", None)
    if isinstance(principal, ApiKey):
        return api_keys.valid_until(principal)
    if isinstance(principal, User) and principal.is_authenticated:
        return sessions.valid_until(request, principal)
    return 0.0
