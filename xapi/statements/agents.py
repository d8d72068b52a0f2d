"""The one text that identifies an agent or a group, from whichever identifier it has."""

from __future__ import annotations

from typing import Any

from django.conf import settings

ACCOUNT, OPENID, SHA1 = "account:", "openid:", "sha1:"


def identifier_of(actor: dict[str, Any]) -> str | None:
    """Return the identifier of a valid agent or group; None for an anonymous group.

    Addresses are compared without regard to case, like everywhere in the product.
    """
    if mailbox := actor.get("mbox"):
        return f"mailto:{mailbox[7:].lower()}"
    if digest := actor.get("mbox_sha1sum"):
        return f"{SHA1}{digest.lower()}"
    if openid := actor.get("openid"):
        return f"{OPENID}{openid}"
    if account := actor.get("account"):
        return f"{ACCOUNT}{account['homePage']} {account['name']}"
    return None


def as_person(identifier: str, names: list[str]) -> dict[str, Any]:
    """Return the Person of the specification: all that is known under one identifier."""
    person: dict[str, Any] = {"objectType": "Person"}
    if names:
        person["name"] = names
    if identifier.startswith("mailto:"):
        person["mbox"] = [identifier]
    elif identifier.startswith(SHA1):
        person["mbox_sha1sum"] = [identifier.removeprefix(SHA1)]
    elif identifier.startswith(OPENID):
        person["openid"] = [identifier.removeprefix(OPENID)]
    else:
        home, _, name = identifier.removeprefix(ACCOUNT).partition(" ")
        person["account"] = [{"homePage": home, "name": name}]
    return person


def authority_of(sender: str) -> dict[str, Any]:
    """Return the agent that stands for a sender."""
    account = {"homePage": settings.KPI_BASE_URL, "name": sender}
    return {"objectType": "Agent", "account": account}
