"""OpenTelemetry, if its own settings ask for it: spans of requests, tasks and queries."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

from core import request_ids

ASKING = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NEEDED = ("opentelemetry.sdk", "opentelemetry.instrumentation.django")
# what the library notes of a request and may name a person
OF_PEOPLE = (
    *("http.url", "http.target", "url.full", "url.path", "url.query", "http.user_agent"),
    *("user_agent.original", "net.peer.ip", "client.address", "network.peer.address"),
)


def is_wanted() -> bool:
    """Return whether the standard variables name a place for traces, and none switches it off."""
    is_off = (
        os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    )
    return not is_off and any(os.environ.get(name) for name in ASKING)


def problem() -> str:
    """Return why there are no traces although the settings ask for them; empty if there are."""
    if is_wanted() and not is_installed():
        return "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed."
    return ""


def is_installed() -> bool:
    try:
        return all(importlib.util.find_spec(name) for name in NEEDED)
    except ModuleNotFoundError:
        return False


def start(exporter: Any = None) -> Any:
    """Record spans from now on; without an exporter, they go where the variables say.

    Queries are recorded with their statements, which have places for values, and without these.
    """
    from opentelemetry import trace  # noqa: PLC0415  (optional)
    from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.django import DjangoInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        SimpleSpanProcessor,
    )

    name = os.environ.get("OTEL_SERVICE_NAME", "learning-kpis")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    processor = SimpleSpanProcessor(exporter) if exporter else BatchSpanProcessor(_by_http())
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=_name, tracer_provider=provider)
    celery: Any = CeleryInstrumentor
    celery().instrument(tracer_provider=provider)
    _instrument_queries(provider)
    return provider


def _by_http() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    return OTLPSpanExporter()


def _instrument_queries(provider: Any) -> None:
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor  # noqa: PLC0415

    for one in (PsycopgInstrumentor(), SQLite3Instrumentor()):
        one.instrument(tracer_provider=provider, skip_dep_check=True)


def _name(span: Any, request: Any, response: Any) -> None:
    """Name a span by its route, with the request's id; addresses may name people."""
    if span.is_recording():
        match = request.resolver_match
        route = f"/{match.route}" if match else "none"
        span.update_name(f"{request.method} {route}")
        # this runs around our middleware
        span.set_attribute("request.id", response.headers.get(request_ids.HEADER, ""))
        for name in OF_PEOPLE:
            span.set_attribute(name, "")
