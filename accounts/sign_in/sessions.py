"""End sessions: some time after the sign-in, and some time after the last page."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.core.signing import BadSignature, TimestampSigner, b62_decode
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.sign_in import invitations, second_factor
from accounts.sign_in.digests import digest

SIGNED_IN_AT = "signed_in_at"
SIGNER = TimestampSigner(salt="curriculum.active-session")
# the time to enter the code of the second factor, or to set it up
HALF_SIGNED_IN = timedelta(minutes=30)
# renew the cookie at most this often, so that most responses carry none
RENEWAL_INTERVAL = timedelta(minutes=5)
# scripts that refresh an open page send this header: it is no activity of the user
SCRIPT_HEADER = "Live-Read"


@receiver(user_logged_in)
def store_sign_in_time(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[SIGNED_IN_AT] = time.time()
    # whatever opened the account; the link would open it for others
    invitations.accept(user)


class ExpiringAuthenticationMiddleware(AuthenticationMiddleware):
    """Treat the visitor as anonymous once the session has ended.

    The time of the last page is in a signed cookie, not in a row: reading a page writes nothing.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))  # type: ignore[assignment]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        session = getattr(request, "session", None)
        is_signed_in = session is not None and session.accessed and SESSION_KEY in session
        if (
            is_signed_in
            and SCRIPT_HEADER not in request.headers
            and not was_active(request, RENEWAL_INTERVAL)
        ):
            response.set_cookie(
                settings.ACTIVE_COOKIE_NAME,
                SIGNER.sign(digest(request.session.session_key or "")),
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",  # not translated: a header
            )
        return response


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """Return the signed-in account; a session that has ended is deleted.

    Without its second factor, a session is that of a stranger, for pages, the admin and the API.
    """
    user = get_user(request)
    if not isinstance(user, User):
        return AnonymousUser()
    is_half = second_factor.is_missing(request.session, user)
    if has_ended(request, user) or (is_half and age_of(request) > HALF_SIGNED_IN):
        request.session.flush()
        return AnonymousUser()
    if is_half:
        request.half_signed_in = user  # type: ignore[attr-defined]
        return AnonymousUser()
    return user


def half_signed_in(request: HttpRequest) -> User | None:
    """Return the account whose password was accepted and whose second factor is still missing."""
    # reading whether there is an account evaluates the lazy user
    return None if request.user.is_authenticated else getattr(request, "half_signed_in", None)


def age_of(request: HttpRequest) -> timedelta:
    return timedelta(seconds=time.time() - request.session.get(SIGNED_IN_AT, 0))


def has_ended(request: HttpRequest, user: User) -> bool:
    longest, idle = settings.STAFF_SESSION if user.is_staff else settings.SESSION
    age = age_of(request)
    return age > longest or (age > idle and not was_active(request, idle))


def valid_until(request: HttpRequest, user: User) -> float:
    """Return when, in seconds, this session ends or its next page renews the cookie."""
    longest, idle = settings.STAFF_SESSION if user.is_staff else settings.SESSION
    renewed_at = last_active(request) + min(RENEWAL_INTERVAL, idle).total_seconds()
    ends_at: float = request.session.get(SIGNED_IN_AT, 0) + longest.total_seconds()
    return min(renewed_at, ends_at)


def was_active(request: HttpRequest, within: timedelta) -> bool:
    """Return whether, by its cookie, this session requested a page within that time."""
    return time.time() - last_active(request) <= within.total_seconds()


def last_active(request: HttpRequest) -> float:
    """Return when, in seconds, this session last renewed its cookie; 0 if it has none."""
    cookie = request.COOKIES.get(settings.ACTIVE_COOKIE_NAME, "")
    try:
        owner = SIGNER.unsign(cookie)
    except BadSignature:
        return 0.0
    if owner != digest(request.session.session_key or ""):
        return 0.0
    return float(b62_decode(cookie.split(SIGNER.sep)[1]))
