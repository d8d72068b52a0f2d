from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from xapi.models import Statement
from xapi.tests.lrs import ADA, BO, HEARD, PAGE, SAW, Store, reference, statement, uuid

COURSE = {"id": "https://course.example/"}
TEAM = {"objectType": "Group", "mbox": "mailto:team@example.com", "member": [ADA]}


@pytest.fixture
def filled(store: Store) -> Store:
    in_course = {"contextActivities": {"grouping": COURSE}, "registration": uuid(99)}
    for one in (
        statement(1),
        statement(2, actor=BO, verb=HEARD, context=in_course),
        statement(3, actor=BO, object=ADA | {"objectType": "Agent"}),
        statement(4, actor=TEAM),
        statement(5, actor=BO, context={"instructor": ADA}),
        statement(6, actor=BO, object={"objectType": "SubStatement", **statement(object=COURSE)}),
        # about the second, and about that
        statement(7, actor=BO, object=reference(2)),
        statement(8, actor=BO, object=reference(7)),
    ):
        assert store.post(one).status_code == 200
    return store


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({}, [8, 7, 6, 5, 4, 3, 2, 1]),
        ({"ascending": "true", "limit": 3}, [1, 2, 3]),
        ({"agent": ADA}, [4, 3, 1]),
        ({"agent": {"mbox": "mailto:ADA@example.com"}}, [4, 3, 1]),
        ({"agent": TEAM}, [4]),
        ({"agent": ADA, "related_agents": "true"}, [6, 5, 4, 3, 1]),
        ({"verb": HEARD["id"]}, [8, 7, 2]),
        ({"registration": uuid(99)}, [8, 7, 2]),
        ({"activity": COURSE["id"]}, []),
        ({"activity": COURSE["id"], "related_activities": "true"}, [8, 7, 6, 2]),
        ({"activity": PAGE["id"], "agent": ADA}, [4, 1]),
        ({"activity": PAGE["id"], "agent": BO, "verb": SAW["id"]}, [5]),
        ({"agent": {"mbox": "mailto:nobody@example.com"}}, []),
        ({"since": "2100-01-01T00:00:00Z"}, []),
        ({"until": "2100-01-01T00:00:00Z", "limit": 1}, [8]),
    ],
)
def test_filters_find_what_they_ask_for(
    filled: Store, parameters: dict[str, Any], numbers: list[int]
) -> None:
    assert filled.found(**parameters) == numbers


def test_the_authority_is_a_related_agent(filled: Store) -> None:
    authority = filled.one(1)["authority"]

    assert len(filled.found(agent=authority, related_agents="true")) == 8
    assert filled.found(agent=authority) == []


def test_since_is_after_and_until_is_up_to(filled: Store) -> None:
    fourth = filled.one(4)["stored"]

    assert filled.found(since=fourth) == [8, 7, 6, 5]
    assert filled.found(until=fourth) == [4, 3, 2, 1]


@pytest.mark.parametrize("ascending", ["true", "false"])
def test_more_leads_through_all_pages(filled: Store, ascending: str) -> None:
    answer = filled.get(limit=3, agent=BO, ascending=ascending).json()
    found = [one["id"] for one in answer["statements"]]
    while answer["more"]:
        answer = filled.client.get(answer["more"]).json()
        found += [one["id"] for one in answer["statements"]]

    whole = [uuid(number) for number in filled.found(agent=BO, ascending=ascending)]
    assert found == whole


def test_a_link_to_more_that_was_changed_is_refused(filled: Store) -> None:
    more = filled.get(limit=3).json()["more"]

    assert filled.client.get(more[:-1] + ("A" if more[-1] != "A" else "B")).status_code == 400


def test_what_is_repeated_beside_the_link_to_more_changes_nothing(filled: Store) -> None:
    more = filled.get(limit=3, ascending="True").json()["more"]
    answers = [filled.client.get(one).json() for one in (more, f"{more}&limit=5&ascending=false")]

    assert answers[0] == answers[1]


def test_formats_show_ids_or_one_language(store: Store) -> None:
    about = PAGE | {"definition": {"name": {"en": "Page", "de": "Seite"}}}
    store.post(statement(1, actor=ADA | {"name": "Ada"}, object=about))
    store.post(statement(2))

    ids = store.one(1, format="ids")
    assert (ids["actor"], ids["object"]) == (ADA, PAGE)
    headers = {"Accept-Language": "de-AT, en;q=0.5"}
    german = store.get(statementId=uuid(2), format="canonical", headers=headers).json()
    assert german["object"]["definition"]["name"] == {"de": "Seite"}
    assert store.one(2, format="exact")["object"] == PAGE


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"Agent": "{}"}, "Agent: is no parameter"),
        ({"agent": "ada"}, "agent: must be an agent in JSON"),
        ({"agent": '{"mbox": "ada"}'}, "agent.mbox: must be an address"),
        ({"verb": "saw"}, "verb: must be an IRI"),
        ({"since": "yesterday"}, "since: must be a date and time"),
        ({"limit": "-1"}, "limit: must be a whole number"),
        ({"format": "short"}, "format: must be one of exact"),
        ({"ascending": "1"}, "ascending: must be true or false"),
        ({"statementId": uuid(1), "verb": SAW["id"]}, "statementId: may only be given"),
    ],
)
def test_a_wrong_parameter_is_named(store: Store, parameters: Any, words: str) -> None:
    answer = store.get(**parameters)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert answer["X-Experience-API-Consistent-Through"]


def test_a_page_takes_as_many_database_statements_however_long_it_is(store: Store) -> None:
    def reading() -> int:
        with CaptureQueriesContext(connection) as done:
            store.found(agent=ADA, activity=PAGE["id"], format="canonical")
        return len(done)

    store.post(statement())
    few = reading()
    store.post(*(statement() for _ in range(100)))

    assert reading() == few < 15


@pytest.mark.django_db
def test_a_key_reads_what_it_sent_unless_it_may_read_all() -> None:
    one, other = Store("one", "xapi:write", "xapi:read"), Store("other", "xapi:write", "xapi:read")
    everything, limited = Store("all", "xapi:all"), Store("limited", "xapi:all", is_limited=True)
    one.post(statement(1, actor=ADA | {"name": "Ada"}))
    other.post(statement(2))

    assert (one.found(), other.found(agent=ADA)) == ([1], [2])
    assert (everything.found(), limited.found()) == ([2, 1], [])
    assert one.get(statementId=uuid(2)).status_code == 404
    assert limited.get("agents", agent=ADA).json().get("name") is None
    assert Statement.objects.count() == 2
