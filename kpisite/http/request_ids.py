"""Give each request an id, which its response and all its log lines have."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core import request_ids


class RequestIds:
    """Take the id of the proxy if it is well-formed, else make one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_ids.accepted(request.headers.get(request_ids.HEADER))
        with request_ids.bound(request_id):
            response = self.get_response(request)
        response.headers[request_ids.HEADER] = request_id
        return response
