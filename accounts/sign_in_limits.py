"""Limit failed sign-ins: after too many, no password is checked for a while."""

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

PAIR, ACCOUNT, ADDRESS = ("username", "ip_address"), "username", "ip_address"
# Factors of the configured limit. One address gets the fewest tries at one account. All addresses
# together get more, or one of them could lock the account for everybody. All accounts together
# get the most, since an office may share one address.
LIMIT_FACTORS = {PAIR: 1.0, ACCOUNT: 2.5, ADDRESS: 3.0}

BUSY_SECONDS = 5
DEVICE_SECONDS = 180 * 24 * 3600
SIGNER = TimestampSigner(salt="curriculum.known-device")


def digest(text: str) -> str:
    """Replace an e-mail or network address in rows and logs, which must not contain it."""
    return salted_hmac("curriculum.sign-in", text, algorithm="sha256").hexdigest()[:32]


def account_digest(email: str) -> str:
    return digest(email.strip().lower())


def attempted_account(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return what tries are counted for: the account, or the account on a known device."""
    email = (credentials or request.POST).get("username") or ""
    account = account_digest(str(email))
    return known_device(request, account) or account


def lockout_keys(request: HttpRequest, credentials: dict[str, Any] | None) -> list[Any]:
    """Return which counts apply: on a known device, only the tries made there.

    That keeps a stranger from locking the account's owner out for good.
    """
    if known_device(request, attempted_account(request, credentials)[:32]):
        return [ACCOUNT]
    return [PAIR, ACCOUNT] + ([ADDRESS] if address_of(request) else [])


def known_device(request: HttpRequest, account: str) -> str:
    """Return the account and device in the visitor's cookie; empty for another account."""
    try:
        known = SIGNER.unsign(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), max_age=DEVICE_SECONDS
        )
    except BadSignature:
        return ""
    return known if known.startswith(f"{account} ") else ""


def address_of(request: HttpRequest) -> str | None:
    """Return the visitor's IP address, or the /64 network for IPv6; None if it is unknown.

    Behind a proxy it is the last address of X-Forwarded-For, which our own proxy added.
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
    """Count tries in the database, so that limits hold while the cache is unavailable."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """Scale each count by its own limit, since the library has a single one."""
        counts = lockout_keys(request, credentials)
        limits = [LIMIT_FACTORS[one] if len(counts) > 1 else 1.0 for one in counts]
        attempts = self.get_user_attempts(request, credentials)
        return max(
            int((rows.aggregate(sum=Sum("failures_since_start"))["sum"] or 0) / limit)
            for rows, limit in zip(attempts, limits, strict=True)
        )

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any
    ) -> None:
        super().user_login_failed(sender, credentials, request, **kwargs)
        account = attempted_account(request, credentials)[:8]
        address = digest(request.axes_ip_address or "")[:8]
        ending = "; now locked out" if request.axes_locked_out else ""  # not translated: a log
        ending = "; too many at once" if is_overloaded(request) else ending  # not translated: a log
        # eight digits of a digest distinguish visitors without identifying them
        logger.warning(
            "Sign-in failed at %s: account %s from %s%s", request.path, account, address, ending
        )

    def user_logged_in(self, sender: Any, request: Any, user: User, **kwargs: Any) -> None:
        """Reset the tries of this visitor, but not those of others at the same account."""
        super().user_logged_in(sender, request, user, **kwargs)
        counted = attempted_account(request, {"username": user.email})
        AccessAttempt.objects.filter(username=counted, ip_address=request.axes_ip_address).delete()
        remember_device(request, user)


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


def lockout_response(
    request: HttpRequest, response: HttpResponse, credentials: Any = None
) -> HttpResponse:
    """Respond 429, or 503 on overload, with the page of any wrong password.

    The page is the same so that it reveals nothing about the account.
    """
    response.status_code = 503 if is_overloaded(request) else 429
    wait = BUSY_SECONDS if is_overloaded(request) else settings.AXES_COOLOFF_TIME.total_seconds()
    response.headers["Retry-After"] = str(int(wait))
    return response


def is_overloaded(request: HttpRequest) -> bool:
    """Return whether the password was not checked because of too many sign-ins at once."""
    return getattr(request, "sign_in_is_busy", False)


class PasswordBackend(ModelBackend):
    """Check few passwords at once: each takes about a second of CPU time, which pages need too."""

    checking = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))
    # those being checked and as many waiting; the other threads keep serving pages
    waiting = BoundedSemaphore(max(2, settings.WEB_THREADS // 2))

    def authenticate(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Raise PermissionDenied, which is not counted as a try, when too many are waiting."""
        if not self.waiting.acquire(blocking=False):
            if request is not None:
                request.axes_locked_out = request.sign_in_is_busy = True
            raise PermissionDenied
        try:
            with self.checking:
                return super().authenticate(request, *args, **kwargs)
        finally:
            self.waiting.release()
