"""Settings that would let others in, or keep visitors out."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from demo import known_password
from kpisite.checks import check_hosts
from kpisite.config.environment import is_this_machine
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check

# a random key of 32 characters has about 28 different ones
FEW_CHARACTERS = 10
ONLY_HERE = "Only this machine can reach the site."


@check("settings.secret-key", "Secret key and debugging")
def secret_key() -> Iterator[Problem | str]:
    if len(set(settings.SECRET_KEY)) < FEW_CHARACTERS:
        yield Problem(
            "The secret key can be guessed: it has only a few different characters.",
            "SECRET_KEY",
            "Set it to the output of: openssl rand -hex 32. People sign in again, unless the"
            " former one is in SECRET_KEY_FALLBACKS.",
        )
    kept = settings.KPI_DATA_DIR / "secret-key"
    if kept.exists() and kept.stat().st_mode & 0o077:
        yield Problem(
            "Other users of this machine can read the secret key.",
            str(kept),
            f"Run: chmod 600 {kept}",
        )
    if settings.DEBUG and not settings.IS_LOCAL:
        yield Problem(
            "Debugging is on: error pages show settings and data to visitors.",
            "DEBUG",
            "Remove it, or set DEBUG=no.",
        )


@check("settings.hosts", "Host names")
def hosts() -> Iterator[Problem | str]:
    if settings.IS_LOCAL:
        yield ONLY_HERE
        return
    for found in check_hosts(None):
        yield Problem(
            found.msg,
            "ALLOWED_HOSTS",
            "Name the hosts under which visitors reach the site, such as kpi.example.org.",
        )
    host = urlsplit(settings.KPI_BASE_URL).hostname or ""
    if is_this_machine(host):
        yield Problem(
            f"Links in e-mails lead to {settings.KPI_BASE_URL}, the reader's own machine.",
            "KPI_BASE_URL",
            "Set it to the address of the site, such as https://kpi.example.org.",
        )


@check("settings.https", "HTTPS and the proxy")
def https() -> Iterator[Problem | str]:
    if settings.IS_LOCAL:
        yield ONLY_HERE
        return
    if not settings.HTTPS:
        yield Problem(
            "Passwords and figures travel without encryption.",
            "HTTPS",
            "Put a proxy with TLS before the site (deploy/proxy), and set HTTPS=yes.",
        )
    if settings.HTTPS and not settings.BEHIND_PROXY:
        yield Problem(
            "The site speaks no TLS itself, and does not trust a proxy that does: every page"
            " redirects to itself for ever.",
            "BEHIND_PROXY",
            "Set BEHIND_PROXY=yes, with a proxy that sets X-Forwarded-Proto and X-Forwarded-For.",
        )
    if settings.BEHIND_PROXY and not settings.CSRF_TRUSTED_ORIGINS:
        yield Problem(
            "Forms may be refused, since no origin is trusted.",
            "CSRF_TRUSTED_ORIGINS",
            f"Set it to the address of the site, such as {settings.KPI_BASE_URL}.",
        )
    if settings.HTTPS and urlsplit(settings.KPI_BASE_URL).scheme != "https":
        yield Problem(
            f"Links in e-mails begin with http: {settings.KPI_BASE_URL}.",
            "KPI_BASE_URL",
            "Let it begin with https.",
        )


@check("accounts.demonstration", "Demonstration accounts", "tables")
def demonstration() -> Iterator[Problem | str]:
    if settings.IS_LOCAL:
        yield ONLY_HERE
        return
    known = known_password.holders()
    if known:
        yield Problem(
            f"Everybody knows the password of {_accounts(len(known))}: it is that of the"
            " demonstration.",
            "accounts",
            "Run manage.py replace_demo_passwords, or deactivate them in the admin.",
        )


def _accounts(number: int) -> str:
    return "one account" if number == 1 else f"{number} accounts"
