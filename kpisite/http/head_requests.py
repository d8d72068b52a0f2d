from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

Answers = Callable[[HttpRequest], HttpResponseBase]


class HeadWithoutBody:
    """Leaves the body out where only the head is asked for; gunicorn warns of each one sent."""

    def __init__(self, get_response: Answers) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = iter(())
            elif isinstance(response, HttpResponse):
                # a head tells of the body that a GET would bring
                response.headers.setdefault("Content-Length", str(len(response.content)))
                response.content = b""
        return response
