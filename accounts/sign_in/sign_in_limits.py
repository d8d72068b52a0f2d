"""Limit failed sign-ins: after too many, no password is checked for a while."""

from __future__ import annotations

import logging
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.sign_in import second_factor
from accounts.sign_in.digests import account_digest, digest
from accounts.sign_in.known_devices import known_device, remember_device
from accounts.sign_in.password_backend import is_overloaded

logger = logging.getLogger(__name__)

PAIR, ACCOUNT, ADDRESS = ("username", "ip_address"), "username", "ip_address"
# Factors of the configured limit. One address gets the fewest tries at one account. All addresses
# together get more, or one of them could lock the account for everybody. All accounts together
# get the most, since an office may share one address.
LIMIT_FACTORS = {PAIR: 1.0, ACCOUNT: 2.5, ADDRESS: 3.0}

BUSY_SECONDS = 5


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
        # otherwise, a stolen password would allow any number of guesses at the second factor
        if not second_factor.is_missing(request.session, user):
            self.accepted(request, user)

    @staticmethod
    def accepted(request: Any, user: User) -> None:
        """Reset the tries after the last factor, and remember the device."""
        counted = attempted_account(request, {"username": user.email})
        AccessAttempt.objects.filter(username=counted, ip_address=address_of(request)).delete()
        remember_device(request, user)


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
