"""Webhooks: signed JSON, and the text format of Slack."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from core import request_ids
from notifications.delivery.http_client import post
from notifications.delivery.url_policy import Resolve, look_up
from notifications.models import Notification

USER_AGENT = "Learning-KPIs"


def send(row: Notification, now: datetime, resolve: Resolve = look_up) -> None:
    """Send signed JSON; UrlRefused, DeliveryFailed or OSError if it is not accepted."""
    if row.channel is None:
        raise ValueError(f"Notification {row} has no channel.")
    body = encode({"id": row.key, **row.payload})
    timestamp = str(int(now.timestamp()))
    signed = {
        "X-KPI-Timestamp": timestamp,
        "X-KPI-Signature": signature(row.channel.secret, timestamp, body),
    }
    post(row.channel.address, body, {**_headers(row), **signed}, resolve=resolve)


def send_text(row: Notification, resolve: Resolve = look_up) -> None:
    """Send a Slack message; UrlRefused, DeliveryFailed or OSError if it is not accepted."""
    if row.channel is None:
        raise ValueError(f"Notification {row} has no channel.")
    body = encode({"text": slack_text(row)})
    post(row.channel.address, body, _headers(row), resolve=resolve)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of the timestamp, a full stop and the body."""
    message = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def encode(content: dict[str, Any]) -> bytes:
    """Encode as JSON, always in the same order: retries send identical bytes."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def slack_text(row: Notification) -> str:
    payload = row.payload
    if "parameter" in payload:
        link = f"<{payload['url']}|{escape(payload['text'])}>"
        return f"*{link}*\n{escape(payload['reason'])}"
    if "alert" not in payload:
        return escape(payload["text"])
    link = f"<{payload['alert']['url']}|{escape(row.headline)}>"
    return f"*{link}*\n{escape(payload['why'])}"


def escape(text: str) -> str:
    """Escape the characters by which a name could notify a whole Slack channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _headers(row: Notification) -> dict[str, str]:
    request_id = request_ids.current()
    return {
        **({request_ids.HEADER: request_id} if request_id else {}),
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": row.key,
        "User-Agent": USER_AGENT,
    }
