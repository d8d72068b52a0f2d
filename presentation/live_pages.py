"""Pages that scripts read again as things move: few at once, for people and events go first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from threading import BoundedSemaphore
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

# the script says by this header that nobody waits for the page
HEADER = "Live-Read"
AT_ONCE = 2
RETRY_AFTER_SECONDS = 1

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# filled by who knows what moves, a step above
WATCHERS: list[Callable[[Collection[str]], object]] = []

_slots = BoundedSemaphore(AT_ONCE)


def live(view: View[P]) -> View[P]:
    """Answer 503 to a script that reads a page again while others are served."""

    @wraps(view)
    def served(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if HEADER not in request.headers:
            return view(request, *args, **kwargs)
        if not _slots.acquire(blocking=False):
            return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        try:
            return view(request, *args, **kwargs)
        finally:
            _slots.release()

    return served


def watch(figures: Collection[str] = ()) -> object | None:
    """What a page hands to its script; None where nobody says what moves.

    It watches these figures, alerts and targets; call it before any of them is read.
    """
    return next((begin(figures) for begin in WATCHERS), None)
