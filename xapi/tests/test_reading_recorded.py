"""Reading what other senders stored about people leaves a record."""

from __future__ import annotations

import pytest

from accounts.models import AccessRecord
from xapi.tests.lrs import ADA, JSON, PAGE, Store, statement, uuid

pytestmark = pytest.mark.django_db


def records() -> list[tuple[str, str, str, int]]:
    rows = AccessRecord.objects.order_by("pk")
    return list(rows.values_list("who", "about", "row", "count"))


def test_statements_of_all_senders_are_read_on_the_record(store: Store) -> None:
    store.post(statement(1), statement(2))
    store.get()
    store.one(1)

    assert records() == [
        ("tool", "xapi.Statement", "", 2),
        ("tool", "xapi.Statement", uuid(1), 1),
    ]


def test_so_are_further_pages_agents_and_their_documents(store: Store) -> None:
    store.post(statement(1), statement(2))
    more = store.get(limit=1).json()["more"]
    store.client.get(more)
    store.get("agents", agent=ADA)
    place = {"activityId": PAGE["id"], "agent": ADA}
    assert store.get("activities/state", **place).json() == []
    query = f"/xapi/activities/state?stateId=s&activityId={PAGE['id']}&agent="
    store.client.put(f'{query}{{"mbox":"{ADA["mbox"]}"}}', {"at": 1}, JSON)
    store.get("activities/state", **place, stateId="s")

    assert [(about, count) for _, about, _, count in records()] == [
        ("xapi.Statement", 1),
        ("xapi.Statement", 1),
        ("xapi.Agent", 1),
        ("xapi.State", 1),
    ]


def test_what_a_key_has_sent_itself_is_no_news_to_it(db: None) -> None:
    own = Store("own", "xapi:write", "xapi:read")
    own.post(statement(1))
    own.get()
    own.one(1)

    assert records() == []
