"""Deployment checks: settings that must not be left at their local defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})


def check_hosts(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Report hosts that allow any name, or only names of this machine."""
    hosts = set(settings.ALLOWED_HOSTS)
    if "*" in hosts:
        return [Error("ALLOWED_HOSTS=* accepts forged Host headers.", id="kpisite.E001")]
    if hosts <= LOCAL:
        return [Error("ALLOWED_HOSTS contains only names of this machine.", id="kpisite.E002")]
    return []


def check_base_url(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Report a base URL that would send learners a link to their own machine."""
    is_mailed = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
    if is_mailed and urlsplit(settings.KPI_BASE_URL).hostname in {"localhost", "127.0.0.1", "::1"}:
        return [
            Error("KPI_BASE_URL points to this machine, but is used in e-mails.", id="kpisite.E003")
        ]
    return []
