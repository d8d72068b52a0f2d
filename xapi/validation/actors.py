"""Agents, groups and authorities."""

from __future__ import annotations

from typing import Any

from xapi.validation import shapes, values
from xapi.validation.wrong import Wrong

IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")

_account = shapes.fields(
    {"homePage": values.iri, "name": values.storable_text}, required=("homePage", "name")
)
_identifiers = {
    "mbox": values.mailbox,
    "mbox_sha1sum": values.sha1,
    "openid": values.iri,
    "account": _account,
}
_agent_fields = shapes.fields(
    {"objectType": shapes.one_of("Agent"), "name": values.text, **_identifiers}
)


def _identified(value: Any) -> list[str]:
    return [name for name in IDENTIFIERS if name in value]


def agent(value: Any) -> None:
    _agent_fields(value)
    found = _identified(value)
    if len(found) != 1:
        raise Wrong(f"needs exactly one of {', '.join(IDENTIFIERS)}{_but(found)}.")


def _but(found: list[str]) -> str:
    return f", but has {' and '.join(found)}" if found else ""


_group_fields = shapes.fields(
    {
        "objectType": shapes.one_of("Group"),
        "name": values.text,
        "member": shapes.list_of(agent),
        **_identifiers,
    },
    required=("objectType",),
)


def group(value: Any) -> None:
    _group_fields(value)
    found = _identified(value)
    if len(found) > 1:
        raise Wrong(f"may have one of {', '.join(IDENTIFIERS)}{_but(found)}.")
    if not found and not value.get("member"):
        raise Wrong('needs the property "member", since it has no identifier.')


def actor(value: Any) -> None:
    """Check an agent or a group."""
    is_group = type(value) is dict and value.get("objectType") == "Group"
    (group if is_group else agent)(value)


def authority(value: Any) -> None:
    """Check an agent, or the pair of agents that OAuth makes."""
    actor(value)
    if value.get("objectType") == "Group":
        if _identified(value):
            raise Wrong("must not have an identifier, since it is a group.")
        if len(value.get("member", ())) != 2:
            raise Wrong("must have two members, since it is a group.")
