"""Read the parameters of a call; each error names the parameter and what it should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from xapi.errors import BadRequest
from xapi.statements.agents import identifier_of
from xapi.validation import actors, values
from xapi.validation.wrong import Wrong

T = TypeVar("T")


class Parameters:
    """The parameters of a call that are known to its resource."""

    def __init__(self, given: dict[str, str], known: tuple[str, ...]) -> None:
        self.given = given
        for name in given:
            if name not in known:
                raise BadRequest(
                    f"{name}: is no parameter of this resource; known are {', '.join(known)}.",
                    field=name,
                )

    def require(self, *names: str) -> None:
        for name in names:
            if name not in self.given:
                raise BadRequest(f"{name}: this parameter is missing.", field=name)

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def _read(self, name: str, read: Callable[[str], T]) -> T | None:
        if name not in self.given:
            return None
        try:
            return read(self.given[name])
        except Wrong as wrong:
            raise BadRequest.of(wrong.inside(name)) from None

    def iri(self, name: str) -> str | None:
        return self._read(name, _iri)

    def key(self, name: str) -> str | None:
        return self._read(name, _key)

    def uuid(self, name: str) -> UUID | None:
        return self._read(name, _uuid)

    def moment(self, name: str) -> datetime | None:
        return self._read(name, values.parsed)

    def flag(self, name: str) -> bool:
        return self._read(name, _flag) or False

    def number(self, name: str) -> int | None:
        return self._read(name, _number)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        def read(value: str) -> str:
            if value not in allowed:
                raise Wrong(f"must be one of {', '.join(allowed)}.")
            return value

        return self._read(name, read)

    def agent(self, name: str = "agent") -> str | None:
        """Return the identifier of an agent or identified group."""
        return self._read(name, _agent)


def _iri(value: str) -> str:
    values.iri(value)
    return value


def _key(value: str) -> str:
    values.storable_text(value)
    if not value:
        raise Wrong("must not be empty.")
    return value


def _uuid(value: str) -> UUID:
    values.uuid(value)
    return UUID(value)


def _flag(value: str) -> bool:
    # clients in Python write True
    if value.lower() not in ("true", "false"):
        raise Wrong("must be true or false.")
    return value.lower() == "true"


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Wrong("must be a whole number.")
    return int(value)


def _agent(value: str) -> str:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise Wrong(
            'must be an agent in JSON, such as {"mbox": "mailto:ada@example.com"}.'
        ) from None
    actors.actor(found)
    identifier = identifier_of(found)
    if identifier is None:
        raise Wrong("must have an identifier, which an anonymous group has not.")
    return identifier
