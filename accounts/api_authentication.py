"""Authenticate API requests by their key."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts.api_key_use import count_request
from accounts.api_keys import key_of
from accounts.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.request import Request

logger = logging.getLogger(__name__)


class ApiKeyAuthentication(BaseAuthentication):
    """Accept `Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        word, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if word.lower() != "bearer":
            return None
        key = key_of(secret.strip())
        if key is None or not key.is_valid:
            raise key_rejected(key)
        count_request(*key.credential)
        return key, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def key_rejected(key: ApiKey | None) -> AuthenticationFailed:
    """Log the rejection and return the error; an unknown key is never written to the log.

    Somebody with the secret may know why it no longer works.
    """
    logger.warning("API key rejected: %s", f"{key} is not valid" if key else "unknown")
    return AuthenticationFailed(_reason(key) if key else "This API key is unknown.")


def _reason(key: ApiKey) -> str:
    former = key.former_secret
    if key.revoked_at:
        return f"This API key was revoked on {_named(key.revoked_at)}."
    if former and former.works_until <= timezone.now():
        return (
            f"This API key was replaced and stopped working on {_named(former.works_until)}. "
            "Use the new one."
        )
    return f"This API key expired on {_named(key.expires_at)}."


def _named(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d at %H:%M %Z}"
