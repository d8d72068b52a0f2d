"""Settings of outgoing e-mail, and the base URL of links in it."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import environ

from kpisite.config.environment import reject, text

# a mail server that hangs must not block a job for longer
TIMEOUT_SECONDS = 30


def transport() -> dict[str, Any]:
    """Return Django's settings of the mail server; without one, the worker prints e-mails."""
    url = text("EMAIL_URL", "consolemail://")
    if urlsplit(url).scheme not in environ.Env.EMAIL_SCHEMES:
        reject(
            "EMAIL_URL", "like smtp+tls://USER:PASSWORD@HOST:587 or consolemail:// (which prints)"
        )
    try:
        config: dict[str, Any] = environ.Env.email_url_config(url)
    except ValueError:
        reject("EMAIL_URL", "like smtp+tls://USER:PASSWORD@HOST:587, its port a number")
    if url.startswith("consolemail:"):
        config["EMAIL_BACKEND"] = "kpisite.mail.console.EmailBackend"
    # the library would read the folder of filemail:///FOLDER as relative
    return {**config, "EMAIL_FILE_PATH": urlsplit(url).path, "EMAIL_TIMEOUT": TIMEOUT_SECONDS}


def sender() -> str:
    given = text("EMAIL_FROM", "Learning KPIs <surveys@localhost>")
    if "@" not in parseaddr(given)[1]:
        reject("EMAIL_FROM", "an address, such as Academy <surveys@example.org>")
    return given


def base_url(port: int) -> str:
    """Return the address at which learners reach the site, without a trailing slash."""
    url = text("KPI_BASE_URL", f"http://localhost:{port}").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        reject("KPI_BASE_URL", "an address such as https://kpi.example.org")
    return url
