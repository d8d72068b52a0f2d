"""Respond 503 with Retry-After instead of 500 while the database is unavailable."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from core import request_ids
from core.database.outages import Outage, outage_of
from kpisite.http import error_pages

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class RespondToOutages:
    """Respond 503 for a view that could not reach the database."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        outage = outage_of(error)
        return _unavailable(request, outage, error) if outage else None


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond to errors in middleware, and to every other error of the server."""
    error = sys.exc_info()[1]
    if outage := outage_of(error):
        return _unavailable(request, outage, error)
    if _is_api(request):
        return _problem("failed", "An internal error occurred. It has been logged.", 500)
    return error_pages.page(request, 500)


def _unavailable(request: HttpRequest, outage: Outage, error: BaseException | None) -> HttpResponse:
    logger.warning("responded 503: %s (%s)", outage.text, error)
    response: HttpResponse
    if _is_api(request):
        response = _problem("try_again", f"{outage.text} Send the request again later.", 503)
    else:
        # without the request, since reading the account would need the database
        response = HttpResponse(render_to_string("503.html", {"outage": outage}), status=503)
    response.headers["Retry-After"] = str(outage.seconds)
    return response


def _problem(code: str, detail: str, status: int) -> JsonResponse:
    body = {"code": code, "detail": detail, "request_id": request_ids.current()}
    return JsonResponse(body, status=status)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
