"""Answer the polling requests of open pages, without database, session or templates."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from dashboard.live.polling_interval import POLLING_INTERVAL
from dashboard.live.tokens import topics_in_token
from dashboard.live.versions import VERSIONS

PATH = "/live"
INTERVAL_HEADER = "Live-Again"
# the middleware that sets these on other responses does not run here; with `no-store`, the page
# would not enter the browser's back-forward cache
USUAL_HEADERS = {
    "Cache-Control": "private, no-cache",  # not translated: HTTP
    "Content-Length": "0",
}


class LiveUpdates:
    """Answer PATH before all other middleware: 500 open pages poll every second."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == PATH:
            return answer_poll(request)
        return self.get_response(request)


def answer_poll(request: HttpRequest) -> HttpResponse:
    """Return 200 with the new version as ETag after a change, else 304; 403 without a token.

    INTERVAL_HEADER holds the milliseconds until the page may poll again.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    topics = topics_in_token(request.GET.get("of", ""))
    if topics is None:
        return HttpResponse(status=403, headers=USUAL_HEADERS)
    etag = f'"{VERSIONS.version_of(topics)}"'
    is_changed = request.META.get("HTTP_IF_NONE_MATCH") != etag
    interval = round(POLLING_INTERVAL.after_request(time.monotonic()) * 1000)
    return HttpResponse(
        status=200 if is_changed else 304,
        headers={**USUAL_HEADERS, "ETag": etag, INTERVAL_HEADER: str(interval)},
    )
