"""Who calls: an API key, as a Bearer token or as the password of Basic credentials."""

from __future__ import annotations

import base64
import binascii
from secrets import compare_digest

from rest_framework.exceptions import AuthenticationFailed

from accounts.api_authentication import key_rejected
from accounts.api_key_use import count_request
from accounts.api_keys import key_of
from accounts.models import ApiKey
from xapi.errors import NotAuthorized

HOW = (
    "Send the name of an API key, or its prefix, as the user and the key as the password of Basic "
    "credentials."
)


def authenticate(header: str) -> ApiKey:
    """Return the key of a request; NotAuthorized if it has none that is valid."""
    word, _, value = header.partition(" ")
    if word.lower() == "bearer":
        user, secret = None, value.strip()
    elif word.lower() == "basic":
        user, secret = _basic(value.strip())
    else:
        raise NotAuthorized(HOW)
    key = key_of(secret)
    if key is None or not key.is_valid:
        raise _rejected(key)
    if user is not None and not _is_named(key, user):
        raise NotAuthorized(f"The user is not the one of this key. {HOW}")
    count_request(*key.credential)
    return key


def _basic(value: str) -> tuple[str, str]:
    try:
        user, _, secret = base64.b64decode(value, validate=True).decode().rpartition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise NotAuthorized(f"The Basic credentials cannot be read. {HOW}") from None
    return user, secret


def _is_named(key: ApiKey, user: str) -> bool:
    former = key.former_secret
    names = [key.name, key.prefix, *([former.prefix] if former else [])]
    return any(compare_digest(user.encode(), name.encode()) for name in names)


def _rejected(key: ApiKey | None) -> NotAuthorized:
    rejected: AuthenticationFailed = key_rejected(key)
    return NotAuthorized(str(rejected.detail))
