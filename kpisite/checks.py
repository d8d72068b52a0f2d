from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


def hosts_are_named(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a deployment that answers to any name, or to none that a visitor could use."""
    hosts = set(settings.ALLOWED_HOSTS)
    if "*" in hosts:
        return [Error("ALLOWED_HOSTS=* lets a forged Host header through.", id="kpisite.E001")]
    if hosts <= LOCAL:
        return [Error("ALLOWED_HOSTS names no host but this machine.", id="kpisite.E002")]
    return []


def links_lead_here(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse to mail links that lead a learner to their own machine."""
    is_mailed = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    if is_mailed and urlsplit(settings.KPI_BASE_URL).hostname in {"localhost", "127.0.0.1", "::1"}:
        return [Error("KPI_BASE_URL names this machine in mails to others.", id="kpisite.E003")]
    return []
