"""The page /metrics, for a Prometheus that has the token."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from kpisite.metrics.collector import SiteCollector


def metrics(request: HttpRequest) -> HttpResponse:
    """Respond with all metrics; 404 if there are none, 401 without the token."""
    if not settings.KPI_METRICS_TOKEN:
        raise Http404
    expected = f"Bearer {settings.KPI_METRICS_TOKEN}".encode()
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    registry.register(SiteCollector())
    MultiProcessCollector(registry, path=str(settings.KPI_METRICS_DIR))  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
