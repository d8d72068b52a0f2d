"""Compress pages and the API's JSON; decision 60 says why that reveals no secret."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware, re_accepts_gzip
from django.utils.cache import set_response_etag

TYPES = ("text/html", "application/json")


class CompressResponses(GZipMiddleware):
    """Compress within the response cache, so that a response is compressed once.

    The ETag is that of the content: compressing adds random bytes, and the same figures would
    otherwise get another one each time. Files and streams are sent as they are.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or not is_compressible(response):
            return response
        if request.method == "GET" and not response.has_header("ETag"):
            set_response_etag(response)
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed


def is_compressible(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith(TYPES)


def accepts_gzip(request: HttpRequest) -> bool:
    return bool(re_accepts_gzip.search(request.META.get("HTTP_ACCEPT_ENCODING", "")))
