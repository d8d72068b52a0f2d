"""Read the settings of single sign-on."""

from __future__ import annotations

from urllib.parse import urlsplit

from kpisite.config.environment import is_this_machine, list_of, reject, text


def issuer(name: str) -> str:
    """Read the provider's address; without HTTPS, only on this machine. Empty if none is given."""
    url = text(name)
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (
        parts.scheme == "http" and is_this_machine(parts.hostname or "")
    )
    if url and not (is_safe and parts.hostname and not parts.query):
        reject(name, "an address such as https://login.example.org/realms/academy")
    return url.removesuffix("/.well-known/openid-configuration")


def scopes(name: str, default: str) -> str:
    found = text(name, default).split()
    if "openid" not in found:
        reject(name, "a list of scopes separated by spaces, openid among them")
    return " ".join(found)


def groups(name: str) -> dict[str, list[str]]:
    """Read which of our groups a value of the claim stands for, such as kpi-analysts=analyst."""
    found: dict[str, list[str]] = {}
    for pair in list_of(name):
        value, _, group = (part.strip() for part in pair.rpartition("="))
        if not value or not group:
            reject(name, "a comma-separated list of VALUE=GROUP, such as kpi-analysts=analyst")
        found.setdefault(value, []).append(group)
    return found
