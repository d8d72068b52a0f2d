"""Webhooks: signed JSON, and the text that Slack and its like take."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from notifications.delivery.http_client import post
from notifications.delivery.url_policy import Resolve, look_up
from notifications.models import Channel, Notification
from notifications.outbox.payloads import headline_of

AGENT = "Learning-KPIs"


def send(row: Notification, channel: Channel, now: datetime, resolve: Resolve = look_up) -> None:
    """Send one notification; Refused, Failed or OSError when it was not taken."""
    if channel.kind == Channel.Kind.SLACK:
        body = encoded({"text": slack_text(row.payload)})
        post(channel.address, body, _headers(row), resolve=resolve)
        return
    body = encoded({"id": row.key, **row.payload})
    stamp = str(int(now.timestamp()))
    signed = {"X-KPI-Timestamp": stamp, "X-KPI-Signature": signature(channel.secret, stamp, body)}
    post(channel.address, body, {**_headers(row), **signed}, resolve=resolve)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body."""
    message = stamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def encoded(content: dict[str, Any]) -> bytes:
    """The same content is the same bytes each time it is sent."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def slack_text(payload: dict[str, Any]) -> str:
    if "alert" not in payload:
        return escaped(payload["text"])
    link = f"<{payload['alert']['url']}|{escaped(headline_of(payload))}>"
    return f"*{link}*\n{escaped(payload['why'])}"


def escaped(text: str) -> str:
    """Slack reads three signs as its own: with them, a name could call a whole channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _headers(row: Notification) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": row.key,
        "User-Agent": AGENT,
    }
