"""Helpers to visit an alert's page and submit its forms."""

from __future__ import annotations

from html import unescape

from alerts.models import Alert
from kpis.tests.visitors import Visitor

PAGE = "/alerts"


def page_of(alert: Alert) -> str:
    return f"{PAGE}/{alert.pk}"


def submit_form(who: Visitor, alert: Alert, act: str, **sent: str) -> int:
    response = who.client.post(page_of(alert), {"act": act, **sent})
    who.html = unescape(response.content.decode())
    return response.status_code
