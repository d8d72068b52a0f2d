"""A stored statement with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from statements.occurrence import Occurrence
from statements.translation import Translation
from statements.voiding import VOIDED

Raw = Mapping[str, Any]


class Stored(NamedTuple):
    """A statement and its id in its store; it has an id and a time of its own."""

    id: int
    statement: Raw


class Interpreted(NamedTuple):
    """A statement with what it means and, if an event follows, the key of its learner."""

    stored_id: int
    one: Occurrence
    translation: Translation

    @property
    def voids(self) -> str:
        return self.one.object.id if self.one.verb == VOIDED else ""
