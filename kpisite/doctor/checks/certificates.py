"""Certificates of this site, of webhooks and of LMSs that have ended or will soon."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from django.conf import settings

from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check
from lti.models import Platform
from notifications.delivery.url_policy import Destination, UrlRefused, destination
from notifications.models import Channel

SOON_DAYS = 14
SECONDS = 5.0
DAY = 86_400


@check("certificates.site", "Certificate of this site", is_slow=True)
def site() -> Iterator[Problem | str]:
    url = urlsplit(settings.KPI_BASE_URL)
    if url.scheme != "https":
        yield "It has none."
        return
    host, port = url.hostname or "", url.port or 443
    found = problem_with(Destination(host, port, host, "/", is_secure=True), "KPI_BASE_URL")
    if found:
        yield found


@check("certificates.others", "Certificates of webhooks and LMSs", "tables", is_slow=True)
def others() -> Iterator[Problem | str]:
    asked = 0
    for where, url in _addresses():
        asked += 1
        try:
            there = destination(url, settings.KPI_WEBHOOK_ALLOWED)
        except (UrlRefused, OSError) as error:
            yield Problem(f"{where} cannot be reached: {error}.", where, "Correct its address.")
            continue
        if found := problem_with(there, where):
            yield found
    yield f"{asked} asked."


def _addresses() -> Iterator[tuple[str, str]]:
    for channel in Channel.objects.filter(is_active=True, address__startswith="https://"):
        yield f"the channel “{channel.name}”", channel.address
    for platform in Platform.objects.filter(is_active=True, keys_url__startswith="https://"):
        yield f"the LMS “{platform.name}”", platform.keys_url


def problem_with(there: Destination, where: str) -> Problem | None:
    """Return what is wrong with the certificate of a host; None if it is good for a while."""
    try:
        days = _days_left(there)
    except ssl.SSLCertVerificationError as error:
        why = f"The certificate of {there.host} is not valid: {error.verify_message}."
        return Problem(why, where, "Let its owner renew it.")
    except OSError as error:
        why = f"{there.host} does not answer: {error}."
        return Problem(why, where, "Check its address, and that it is running.")
    if days >= SOON_DAYS:
        return None
    why = f"The certificate of {there.host} ends in {days} days."
    return Problem(why, where, "Let its owner renew it before.")


def _days_left(there: Destination) -> int:
    plain = socket.create_connection((there.address, there.port), SECONDS)
    context = ssl.create_default_context()
    with closing(plain), context.wrap_socket(plain, server_hostname=there.host) as secured:
        ends = (secured.getpeercert() or {})["notAfter"]
    return int((ssl.cert_time_to_seconds(str(ends)) - time.time()) // DAY)
