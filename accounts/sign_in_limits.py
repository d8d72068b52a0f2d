"""Failed sign-ins are counted; after too many, no password is looked at for a while."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from threading import BoundedSemaphore
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts.models import User

logger = logging.getLogger(__name__)

PAIR, ACCOUNT, PLACE = ("username", "ip_address"), "username", "ip_address"
# A strange address gets the fewest tries at an account. All strange addresses together get more,
# or one of them could shut the account for all; an office that shares one gets the most.
TIMES_AS_MANY = {PAIR: 1.0, ACCOUNT: 2.5, PLACE: 3.0}

BUSY_SECONDS = 5
DEVICE_SECONDS = 180 * 24 * 3600
SIGNER = TimestampSigner(salt="curriculum.known-device")


def digest(text: str) -> str:
    """Stands for an e-mail or network address in rows and logs, where the text must not be."""
    return salted_hmac("curriculum.sign-in", text, algorithm="sha256").hexdigest()[:32]


def account_digest(email: str) -> str:
    return digest(email.strip().lower())


def account_of_attempt(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Name what the tries are counted for: the account, or the account on a known device."""
    email = (credentials or request.POST).get("username") or ""
    account = account_digest(str(email))
    return known_device(request, account) or account


def lockout_keys(request: HttpRequest, credentials: dict[str, Any] | None) -> list[Any]:
    """Say which counts hold. A device that its owner has used is shut by its own tries alone.

    That is what keeps a stranger from locking a known account out for good.
    """
    if known_device(request, account_of_attempt(request, credentials)[:32]):
        return [ACCOUNT]
    return [PAIR, ACCOUNT] + ([PLACE] if address_of(request) else [])


def known_device(request: HttpRequest, account: str) -> str:
    """The account and its device, where the visitor's cookie says so; else an empty text."""
    try:
        known = SIGNER.unsign(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), max_age=DEVICE_SECONDS
        )
    except BadSignature:
        return ""
    return known if known.startswith(f"{account} ") else ""


def address_of(request: HttpRequest) -> str | None:
    """Where the visitor comes from, of IPv6 the network of 64 bits; None where nothing says it.

    Behind a proxy it is the last address of X-Forwarded-For, the one that our own proxy wrote.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    for text in (forwarded.rpartition(",")[2], request.META.get("REMOTE_ADDR", "")):
        try:
            found = ip_address(text.strip())
        except ValueError:
            continue
        if isinstance(found, IPv6Address) and not found.ipv4_mapped:
            return str(ip_network((found, 64), strict=False).network_address)
        return str(getattr(found, "ipv4_mapped", None) or found)
    return None


class SignInLimits(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts in rows, so that it holds while the cache is away."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """Weigh each count by its own limit: the library knows one limit for all."""
        counts = lockout_keys(request, credentials)
        limits = [TIMES_AS_MANY[one] if len(counts) > 1 else 1.0 for one in counts]
        attempts = self.get_user_attempts(request, credentials)
        return max(
            int((rows.aggregate(sum=Sum("failures_since_start"))["sum"] or 0) / limit)
            for rows, limit in zip(attempts, limits, strict=True)
        )

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any
    ) -> None:
        super().user_login_failed(sender, credentials, request, **kwargs)
        account = account_of_attempt(request, credentials)[:8]
        place = digest(request.axes_ip_address or "")[:8]
        ending = "; no password is looked at for a while" if request.axes_locked_out else ""
        ending = "; too many signed in at once" if is_locked_out(request) else ending
        # eight letters of a digest tell tries apart and nobody's address
        logger.warning(
            "Sign-in failed at %s: account %s from %s%s", request.path, account, place, ending
        )

    def user_logged_in(self, sender: Any, request: Any, user: User, **kwargs: Any) -> None:
        """Forgive this visitor's own tries; those of others at the account stay counted."""
        super().user_logged_in(sender, request, user, **kwargs)
        counted = account_of_attempt(request, {"username": user.email})
        AccessAttempt.objects.filter(username=counted, ip_address=request.axes_ip_address).delete()
        remember_device(request, user)


def remember_device(request: HttpRequest, user: User) -> None:
    """Have the answer tell the visitor's browser that this account's owner uses it."""
    request.known_device_of = account_digest(user.email)  # type: ignore[attr-defined]


class KnownDevice:
    """Middleware that gives the cookie of a known device to whoever has just shown a password."""

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
                samesite="Lax",
            )
        return response


def lockout_response(
    request: HttpRequest, response: HttpResponse, credentials: Any = None
) -> HttpResponse:
    """Show the page of any wrong password, so that nobody learns more; programs get a 429.

    Where it was only that too many signed in at once, it is a 503.
    """
    response.status_code = 503 if is_locked_out(request) else 429
    wait = BUSY_SECONDS if is_locked_out(request) else settings.AXES_COOLOFF_TIME.total_seconds()
    response.headers["Retry-After"] = str(int(wait))
    return response


def is_locked_out(request: HttpRequest) -> bool:
    """True where the password was not looked at because of all the others at that moment."""
    return getattr(request, "sign_in_is_busy", False)


class PasswordBackend(ModelBackend):
    """Looks at few passwords at once: each takes a second of a processor that pages need too."""

    turns = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))
    # those in turn and as many who wait for theirs; the other threads go on answering pages
    room = BoundedSemaphore(max(2, settings.WEB_THREADS // 2))

    def authenticate(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse whoever finds the room full: PermissionDenied, which counts as no try."""
        if not self.room.acquire(blocking=False):
            if request is not None:
                request.axes_locked_out = request.sign_in_is_busy = True
            raise PermissionDenied
        try:
            with self.turns:
                return super().authenticate(request, *args, **kwargs)
        finally:
            self.room.release()
