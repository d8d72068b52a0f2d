"""Authenticate API requests by their key."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from accounts.api_keys import digest_of, record_use
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
        key = ApiKey.objects.filter(digest=digest_of(secret.strip())).first()
        if key is None or not key.is_valid:
            raise key_rejected(key)
        record_use(key)
        return key, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def key_rejected(key: ApiKey | None) -> AuthenticationFailed:
    """Log the rejection and return the error; an unknown key is never written to the log."""
    logger.warning("API key rejected: %s", f"{key} is not valid" if key else "unknown")
    if key and key.revoked_at is None and key.expires_at:
        day = timezone.localtime(key.expires_at)
        return AuthenticationFailed(f"This API key expired on {day:%Y-%m-%d at %H:%M %Z}.")
    return AuthenticationFailed("This API key is unknown or revoked.")
