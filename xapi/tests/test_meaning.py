"""The door to whoever knows what statements mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from accounts.models import ApiKey
from intake.models import Event, RejectedEvent
from xapi.models import Statement
from xapi.statements import meaning
from xapi.statements.meaning import StoredStatement
from xapi.tests.lrs import ADA, HEARD, Store, statement, uuid


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Turn what was heard into an event; return the ids of each call."""
    calls: list[list[str]] = []

    def interpret(stored: Sequence[StoredStatement], key: ApiKey) -> list[dict[str, Any]]:
        calls.append([str(one.uuid) for one in stored])
        return [
            {
                "id": str(one.uuid),
                "kind": "lesson.heard",
                "occurred_at": one.timestamp.isoformat(),
                "data": {"by": key.name},
            }
            for one in stored
            if one.statement["verb"] == HEARD
        ]

    monkeypatch.setattr(meaning, "INTERPRETERS", [interpret])
    return calls


def test_new_statements_are_handed_over_once(store: Store, heard: list[list[str]]) -> None:
    store.post(statement(1), statement(2, verb=HEARD))
    store.post(statement(2, verb=HEARD), statement(3))

    assert heard == [[uuid(1), uuid(2)], [uuid(3)]]
    event = Event.objects.get()
    assert (event.key, event.sender, event.data) == (uuid(2), "tool", {"by": "tool"})
    assert not RejectedEvent.objects.exists()


def test_a_mapping_that_fails_leaves_nothing_stored(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(stored: Sequence[StoredStatement], key: ApiKey) -> list[dict[str, Any]]:
        raise ZeroDivisionError

    monkeypatch.setattr(meaning, "INTERPRETERS", [fail])
    store.client.raise_request_exception = False

    assert store.post(statement(1, actor=ADA)).status_code == 500
    assert not Statement.objects.exists()
