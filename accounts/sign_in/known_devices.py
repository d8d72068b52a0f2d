"""Recognize browsers in which an account's owner has signed in, by a signed cookie."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.sign_in.digests import account_digest

DEVICE_SECONDS = 180 * 24 * 3600
SIGNER = TimestampSigner(salt="curriculum.known-device")


def known_device(request: HttpRequest, account: str) -> str:
    """Return the account and device in the visitor's cookie; empty for another account."""
    try:
        known = SIGNER.unsign(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), max_age=DEVICE_SECONDS
        )
    except BadSignature:
        return ""
    return known if known.startswith(f"{account} ") else ""


def remember_device(request: HttpRequest, user: User) -> None:
    """Mark the visitor's browser as a device of this account's owner, by a cookie."""
    request.known_device_of = account_digest(user.email)  # type: ignore[attr-defined]


class KnownDeviceMiddleware:
    """Set the cookie of a known device after a successful sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        account = getattr(request, "known_device_of", "")
        if account and not known_device(request, account):
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                SIGNER.sign(f"{account} {secrets.token_urlsafe(12)}"),
                max_age=DEVICE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",  # not translated: a header
            )
        return response
