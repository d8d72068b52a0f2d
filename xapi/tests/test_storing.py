from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from xapi.models import Activity, Agent, AgentMention, Statement
from xapi.statements import clashes
from xapi.statements.batch import Batch
from xapi.tests.lrs import ADA, BO, PAGE, Store, statement, uuid


def test_a_statement_is_kept_byte_for_byte(store: Store) -> None:
    text = (
        '{ "verb":{"id":"https://v.example/\u00e4\\u00e4"},\n"object":{"id":"https://o.example/1.0"},'
        '\t"result":{"score":{"raw":1.50}}, "actor":{"mbox":"mailto:ada@example.com"} }'
    )
    answer = store.post_raw(f"[ {text} , {text} ]".encode())

    assert answer.status_code == 200
    assert [one.sent for one in Statement.objects.all()] == [text, text]
    read = store.get(statementId=answer.json()[0]).content.decode()
    assert read.startswith(text[:-1].rstrip())


def test_the_store_adds_what_is_its_own_to_set(store: Store) -> None:
    other: dict[str, Any] = {"stored": "2020-01-01T00:00:00Z", "authority": BO}
    (answered,) = store.post(statement(**other)).json()
    read = store.get(statementId=answered).json()

    assert read["authority"]["account"] == {"homePage": settings.KPI_BASE_URL, "name": "tool"}
    assert read["stored"] == read["timestamp"] > "2026"
    assert read["version"] == "1.0.0"


def test_a_timestamp_is_read_in_utc(store: Store) -> None:
    store.post(statement(1, timestamp="2026-03-01T09:30:00.5+02:00"))

    assert store.one(1)["timestamp"] == "2026-03-01T07:30:00.500000Z"


def test_put_takes_the_id_of_the_address(store: Store) -> None:
    assert store.put(1, statement()).status_code == 204
    assert store.put(2, statement(3)).status_code == 400
    assert store.one(1)["id"] == uuid(1)


def test_ids_in_upper_case_are_the_same_ids(store: Store) -> None:
    number = 0xABCDEF
    store.post(statement(number))
    again = store.post(statement(number) | {"id": uuid(number).upper()})

    assert again.json() == [uuid(number)]
    assert store.get(statementId=uuid(number).upper()).status_code == 200


def test_a_batch_with_one_bad_statement_stores_nothing(store: Store) -> None:
    batch = [statement(number) for number in range(1, 501)]
    batch[321] = statement(322, actor={"mbox": "ada@example.com"})
    answer = store.post(*batch)

    assert answer.status_code == 400
    assert answer.json()["field"] == "statements[321].actor.mbox"
    assert not Statement.objects.exists()
    assert not Agent.objects.exists()


def test_an_id_may_come_only_once_in_a_batch(store: Store) -> None:
    answer = store.post(statement(1), statement(2), statement(1))

    assert answer.json()["detail"] == "statements[2].id: is the id of statements[0], too."


@pytest.mark.parametrize("count", [1, 500])
def test_a_batch_takes_a_handful_of_database_statements(store: Store, count: int) -> None:
    store.post(statement(1000))
    batch = [
        statement(number, actor={"mbox": f"mailto:{number}@example.com"})
        for number in range(1, count + 1)
    ]
    with CaptureQueriesContext(connection) as done:
        assert store.post(*batch).status_code == 200

    assert len(done) < 30
    assert AgentMention.objects.count() == count + 1


def test_a_batch_that_is_too_large_is_refused(store: Store, settings: Any) -> None:
    settings.KPI_MAX_BATCH = 2

    assert store.post(*[statement()] * 3).status_code == 413
    settings.KPI_MAX_BODY_MB = 0
    assert store.post(statement()).status_code == 413


def test_an_activity_is_what_all_statements_say_of_it(store: Store) -> None:
    one = PAGE | {"definition": {"name": {"en": "Page"}, "type": "https://t.example/page"}}
    other = PAGE | {"definition": {"name": {"de": "Seite"}}}
    store.post(statement(object=one), statement(object=other))
    store.post(statement())

    read = store.get("activities", activityId=PAGE["id"]).json()
    assert read["definition"] == {
        "name": {"en": "Page", "de": "Seite"}, "type": "https://t.example/page",
    }  # fmt: skip
    assert Activity.objects.count() == 1


def test_an_agent_is_found_with_its_names(store: Store) -> None:
    store.post(statement(actor=ADA | {"name": "Ada"}), statement(actor=ADA | {"name": "Lady"}))
    read = store.get("agents", agent={"mbox": "mailto:Ada@Example.com"}).json()

    assert read["objectType"] == "Person"
    assert set(read["name"]) <= {"Ada", "Lady"}
    assert read["mbox"] == ["mailto:ada@example.com"]


def test_what_the_database_cannot_store_is_kept_as_it_was_sent(store: Store) -> None:
    strange = PAGE | {"definition": {"name": {"en": "null \u0000"}}}
    text = json.dumps(statement(1, object=strange, result={"response": "half \ud800"}))

    assert store.post_raw(text.encode()).status_code == 200
    assert Statement.objects.get().sent == text


def test_what_another_request_stores_meanwhile_counts_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = clashes.settle
    looked: list[Batch] = []

    def look_too_early(batch: Batch) -> None:
        """Look for what is stored just before the other request commits; then as usual."""
        if looked:
            settle(batch)
        looked.append(batch)

    store.post(statement(1))
    monkeypatch.setattr(clashes, "settle", look_too_early)

    assert store.post(statement(1), statement(2)).json() == [uuid(1), uuid(2)]
    assert len(looked) == 2
    assert store.found() == [2, 1]
