"""Hand stored statements to those who know what they mean.

An app above declares a function with `interprets_statements` in its `statement_meaning.py`, which
the start of the product imports. It gets the statements that a batch has newly stored, in their
order, within the transaction that stores them, and returns native events, if any; these are
received like those of any other sender. Voided statements are stored all the same: the function
sees the voiding statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from accounts.models import ApiKey
from intake.events.senders import sender_of
from intake.receiving.receive import receive


class StoredStatement(NamedTuple):
    """A statement that has just been stored."""

    id: int
    uuid: UUID
    statement: dict[str, Any]
    stored: datetime
    timestamp: datetime


# (the new statements of a batch, the key that sent them) to events as senders send them
Interpret = Callable[[Sequence[StoredStatement], ApiKey], Sequence[dict[str, Any]]]
INTERPRETERS: list[Interpret] = []


def interprets_statements(function: Interpret) -> Interpret:
    INTERPRETERS.append(function)
    return function


def hand_over(stored: Sequence[StoredStatement], key: ApiKey) -> None:
    events = [event for interpret in INTERPRETERS for event in interpret(stored, key)]
    if events:
        receive(events, sender_of(key, door="xapi"))
