"""Sentry, if its DSN is set: errors without personal data."""

from __future__ import annotations

import importlib.util
from typing import Any, cast

from django.conf import settings

from core import request_ids

# what remains of a request; the rest may name people
KEPT_OF_REQUEST = ("method",)


def is_wanted() -> bool:
    return bool(settings.KPI_SENTRY_DSN)


def problem() -> str:
    """Return why errors are not sent although the setting asks for it; empty if they are."""
    if is_wanted() and importlib.util.find_spec("sentry_sdk") is None:
        return "KPI_SENTRY_DSN is set, but the package sentry-sdk is not installed."
    return ""


def start(**more: Any) -> None:
    """Send errors to Sentry from now on; `more` are options of its SDK."""
    import sentry_sdk  # noqa: PLC0415  (optional)

    sentry_sdk.init(
        dsn=settings.KPI_SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        max_breadcrumbs=0,
        server_name="",
        before_send=cast("Any", without_people),
        **more,
    )


def without_people(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """Keep the type and place of an error, the route and the request's id, and nothing else.

    Messages of errors and logs may quote what somebody sent, such as a name or an address.
    """
    for secret in ("user", "extra", "breadcrumbs", "modules", "server_name"):
        event.pop(secret, None)
    request = event.pop("request", {})
    event["request"] = {key: request[key] for key in KEPT_OF_REQUEST if key in request}
    for one in event.get("exception", {}).get("values", []):
        one["value"] = ""
        for frame in one.get("stacktrace", {}).get("frames", []):
            frame.pop("vars", None)
    if entry := event.get("logentry"):
        # the sentence without what it was filled with
        event["logentry"] = {"message": entry.get("message", "")}
    event.pop("message", None)
    contexts = event.pop("contexts", {})
    event["contexts"] = {key: contexts[key] for key in ("runtime", "trace") if key in contexts}
    event["tags"] = {"request_id": request_ids.current()}
    return event
