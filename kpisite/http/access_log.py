"""One line per request, without personal data: no address, no query, no name."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.functional import empty

from accounts.models import ApiKey
from accounts.sign_in.sign_in_limits import address_of

logger = logging.getLogger("kpisite.access")

NO_ROUTE = "none"


class AccessLog:
    """Log route, status, milliseconds and kind of account; the address only if it is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if settings.KPI_ACCESS_LOG == "OFF":
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        fields = {
            "method": request.method,
            "route": route_of(request),
            "status": response.status_code,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "account": kind_of_account(request),
        }
        if settings.KPI_ACCESS_LOG == "ADDRESSES":
            fields["address"] = address_of(request)
        logger.info("request", extra={"fields": fields})
        return response


def route_of(request: HttpRequest) -> str:
    """Return the pattern that the path matches, which holds no value of it.

    Responses that were made before a view was looked for, such as cached ones, have it, too.
    """
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return NO_ROUTE
    return f"/{match.route}"


def kind_of_account(request: HttpRequest) -> str:
    """Return who asked, as far as the view has read it: nothing is read for the log."""
    user: Any = getattr(request, "user", None)
    if isinstance(user, ApiKey):
        return "key"
    if user is None or vars(user).get("_wrapped") is empty:
        return "unread"
    if not user.is_authenticated:
        return "anonymous"
    return "staff" if user.is_staff else "account"
