"""Interpret the statements of the xAPI store, which imports this module."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from accounts.models import ApiKey
from core.database.id_lists import ids_in
from intake.events.senders import sender_of
from statements.interpret import take_statements
from statements.interpreted import Stored
from statements.stores import STORES, Store
from statements.xapi_reading import read_statement
from xapi.models import Statement
from xapi.statements.meaning import StoredStatement, interprets_statements

ORIGIN = "xapi"


@interprets_statements
def interpret(new: Sequence[StoredStatement], key: ApiKey) -> Sequence[dict[str, Any]]:
    """Receive the events that follow; none are left for the store to receive."""
    complete = [
        Stored(
            one.id,
            {**one.statement, "id": str(one.uuid), "timestamp": one.timestamp.isoformat()},
        )
        for one in new
    ]
    take_statements(ORIGIN, complete, sender_of(key, door="xapi"))
    return ()


def _load(ids: Collection[int]) -> dict[int, Any]:
    rows = Statement.objects.filter(pk__in=ids_in(ids)).order_by()
    return {
        pk: {**json.loads(sent), "id": str(uuid), "timestamp": at.isoformat()}
        for pk, uuid, sent, at in rows.values_list("pk", "uuid", "sent", "timestamp")
    }


STORES.register(ORIGIN, Store(_load, read_statement))
