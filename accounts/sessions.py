"""When a session ends: some time after the sign-in, and some time after the last page asked for."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.core.signing import BadSignature, TimestampSigner
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from accounts.sign_in_limits import digest

SIGNED_IN_AT = "signed_in_at"
SIGNER = TimestampSigner(salt="curriculum.active-session")
# the cookie is written anew no sooner, so that most answers carry none
GRAIN = timedelta(minutes=5)
# by this header a script says that it reads an open page again: nobody has done anything
READ_BY_SCRIPT = "Live-Read"


@receiver(user_logged_in)
def note_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[SIGNED_IN_AT] = time.time()


class AuthenticationThatEnds(AuthenticationMiddleware):
    """Takes the visitor for a stranger once the session has ended.

    When a page was last asked for is in a signed cookie, not in a row: reading writes nothing.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))  # type: ignore[assignment]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        session = getattr(request, "session", None)
        is_signed_in = session is not None and session.accessed and SESSION_KEY in session
        if (
            is_signed_in
            and READ_BY_SCRIPT not in request.headers
            and not was_active(request, GRAIN)
        ):
            response.set_cookie(
                settings.ACTIVE_COOKIE_NAME,
                SIGNER.sign(digest(request.session.session_key or "")),
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """The account signed in; a session that has ended is deleted."""
    user = get_user(request)
    if isinstance(user, User) and has_ended(request, user):
        request.session.flush()
        return AnonymousUser()
    return user


def has_ended(request: HttpRequest, user: User) -> bool:
    longest, idle = settings.STAFF_SESSION if user.is_staff else settings.SESSION
    age = timedelta(seconds=time.time() - request.session.get(SIGNED_IN_AT, 0))
    return age > longest or (age > idle and not was_active(request, idle))


def was_active(request: HttpRequest, lately: timedelta) -> bool:
    """True when the cookie says that this session has asked for a page within that time."""
    try:
        known = SIGNER.unsign(request.COOKIES.get(settings.ACTIVE_COOKIE_NAME, ""), max_age=lately)
    except BadSignature:
        return False
    return known == digest(request.session.session_key or "")
