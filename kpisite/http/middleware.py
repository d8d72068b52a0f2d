"""Middleware for all responses: allowed hosts, caching, and the log of refusals."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from accounts.sign_in.sessions import SCRIPT_HEADER

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class AllowedHosts:
    """Reject unknown host names before anything is served, including static files."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_host()
        return self.get_response(request)


class PrivateCaching:
    """Keep figures out of caches, so that the browser's back button shows none after sign-out.

    Programs with an API key may cache responses privately but must revalidate them, so that a 304
    can save sending the figures again. A response that sets Cache-Control itself is left as it is.
    The script of an open page stores nothing either. It says so itself, since a page that got a
    `no-store` response in the background would not enter the back-forward cache.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_api = request.path_info.startswith("/api/")
        if is_api:
            patch_vary_headers(response, ["Authorization", "Cookie"])
        has_key = is_api and "Authorization" in request.headers
        is_stored_by_nobody = SCRIPT_HEADER in request.headers
        policy = f"private, {'no-cache' if has_key or is_stored_by_nobody else 'no-store'}"
        response.headers.setdefault("Cache-Control", policy)
        return response


class LogForbidden:
    """Log one warning per 403 with the account's number and the route, but no personal data."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 403:
            route = request.resolver_match.route if request.resolver_match else "no route"
            logger.warning("Forbidden: %s %s for %s", request.method, route, name_of(request))
        return response


def name_of(request: HttpRequest) -> str:
    """Return an account's number, since its address is personal data, or a key's name."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return "an anonymous visitor"
    return f"account {user.pk}" if hasattr(user, "email") else f"API key {user}"
