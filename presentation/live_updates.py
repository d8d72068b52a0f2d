"""Support for pages that update while they are open: their data, and a limit on reloads."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from threading import BoundedSemaphore
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from accounts.reader import Reader

# sent by live.js when it reloads a page in the background
BACKGROUND_RELOAD_HEADER = "Live-Read"
MAX_CONCURRENT_RELOADS = 2
RETRY_AFTER_SECONDS = 1

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# the app that knows what changed adds its function here
PROVIDERS: list[Callable[[Reader, Collection[str]], object]] = []

_slots = BoundedSemaphore(MAX_CONCURRENT_RELOADS)


def limit_background_reloads(view: View[P]) -> View[P]:
    """Answer 503 to a background reload while others are running: people and events go first."""

    @wraps(view)
    def limited(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if BACKGROUND_RELOAD_HEADER not in request.headers:
            return view(request, *args, **kwargs)
        if not _slots.acquire(blocking=False):
            return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        try:
            return view(request, *args, **kwargs)
        finally:
            _slots.release()

    return limited


def live_update_data(reader: Reader, topics: Collection[str] = ()) -> object | None:
    """Return what the page's script needs to follow these topics, and its reader's alerts.

    Call it before reading any of the page's data. None if no app provides it.
    """
    return next((provide(reader, topics) for provide in PROVIDERS), None)
