"""The door of open pages: “has anything moved?”, answered without database and templates."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from dashboard.live.backoff import PACE
from dashboard.live.versions import VERSIONS
from dashboard.live.watch_token import topics_of

PATH = "/live"
# milliseconds until the page may ask again
AGAIN = "Live-Again"
# said here, since the middleware that would is not asked
USUAL = {"Cache-Control": "no-store", "Content-Length": "0"}

Answers = Callable[[HttpRequest], HttpResponse]


class LiveUpdates:
    """Answers at PATH before any other middleware does its work: 500 pages ask every second."""

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return answer(request) if request.path_info == PATH else self.get_response(request)


def answer(request: HttpRequest) -> HttpResponse:
    """200 with the version as ETag where something has moved, else 304; 403 for a stranger."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    topics = topics_of(request.GET.get("of", ""))
    if topics is None:
        return HttpResponse(status=403, headers=USUAL)
    etag = f'"{VERSIONS.of(topics)}"'
    has_moved = request.META.get("HTTP_IF_NONE_MATCH") != etag
    again = round(PACE.next(time.monotonic()) * 1000)
    return HttpResponse(
        status=200 if has_moved else 304,
        headers={**USUAL, "ETag": etag, AGAIN: str(again)},
    )
