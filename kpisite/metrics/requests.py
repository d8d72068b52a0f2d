"""Requests by route and status, with how long they took; all web processes of a host together."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

from kpisite.http.access_log import route_of

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@cache
def seconds() -> Histogram:
    return Histogram(
        "kpi_http_request_seconds",
        "Seconds that a request took until its response was made.",
        ("method", "route", "status"),
        buckets=BUCKETS,
    )


class CountRequests:
    """Observe each request; its route is a pattern without values, so labels are few."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.KPI_METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        labels = (method, route_of(request), str(response.status_code))
        seconds().labels(*labels).observe(time.perf_counter() - began)
        return response
