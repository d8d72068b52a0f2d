"""Middleware for HEAD requests."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class HeadWithoutBody:
    """Drop the body of responses to HEAD requests, since gunicorn logs a warning for each body."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = iter(())
            elif isinstance(response, HttpResponse):
                # HEAD reports the length of the body that GET would return
                response.headers.setdefault("Content-Length", str(len(response.content)))
                response.content = b""
        return response
