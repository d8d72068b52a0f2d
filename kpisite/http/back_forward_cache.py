"""Let browsers show the page before this one at once, from their back-forward cache.

Chromium keeps signed-in pages there although they are `no-store`, until a cookie changes: signing
out changes the session's. So no page may change a cookie without need; decision 60 has the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class BackForwardCache:
    """Send the CSRF cookie only if it is new.

    Django renews the cookie's year with each form. It is replaced with every sign-in, and no
    session lasts as long.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        name = settings.CSRF_COOKIE_NAME
        if name in response.cookies and response.cookies[name].value == request.COOKIES.get(name):
            del response.cookies[name]
        return response
