"""Views that only take a form: a GET leads to the page with the form."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

View = Callable[..., HttpResponse]


def post_only(page: str, *names: str) -> Callable[[View], View]:
    """Accept POST, and redirect GET to a page (URL name), which gets these URL arguments.

    Whoever sends a form after their session has expired comes back with a GET after signing in.
    """

    def wrap(view: View) -> View:
        posted = require_POST(view)

        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return redirect(page, *(kwargs[name] for name in names))
            return posted(request, *args, **kwargs)

        return run

    return wrap
