"""What holds for every answer, whatever it is about."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

logger = logging.getLogger(__name__)

Answers = Callable[[HttpRequest], HttpResponse]


class OwnHost:
    """Refuses names that are not ours before anything is answered, static files included."""

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_host()
        return self.get_response(request)


class PrivateAnswers:
    """Keeps figures out of caches, so that after the sign-out the browser's “back” shows none.

    What tools ask for may be kept by them alone, and asked for again each time: a 304 then
    saves the figures. An answer that says itself how long it may be kept is left as it is.
    """

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_for_tools = request.path_info.startswith("/api/")
        if is_for_tools:
            patch_vary_headers(response, ["Authorization", "Cookie"])
        kept = "private, no-cache" if is_for_tools else "private, no-store"
        response.headers.setdefault("Cache-Control", kept)
        return response


class LogsRefusals:
    """One warning for each 403: who asked for what kind of page, and nothing about people."""

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 403:
            route = request.resolver_match.route if request.resolver_match else "no route"
            logger.warning("Refused: %s %s to %s", request.method, route, name_of(request))
        return response


def name_of(request: HttpRequest) -> str:
    """An account by its number, for its address is nobody's business; a key by its name."""
    asking: Any = getattr(request, "user", None)
    if asking is None or not asking.is_authenticated:
        return "a stranger"
    is_account = hasattr(asking, "email")
    return f"account {asking.pk}" if is_account else f"API key {asking}"
