from __future__ import annotations

import json
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from xapi.models import State
from xapi.tests.lrs import ADA, BO, JSON, PAGE, Store, uuid

AGENT, ACTIVITY = json.dumps(ADA), PAGE["id"]
PLACES = {
    "activities/state": {"activityId": ACTIVITY, "agent": AGENT, "stateId": "a"},
    "activities/profile": {"activityId": ACTIVITY, "profileId": "a"},
    "agents/profile": {"agent": AGENT, "profileId": "a"},
}


class Documents:
    """The documents of one resource."""

    def __init__(self, store: Store, path: str, **parameters: str) -> None:
        self.client = store.client
        self.address = f"/xapi/{path}?{urlencode(PLACES[path] | parameters)}"

    def get(self) -> Any:
        return self.client.get(self.address)

    def put(self, content: Any, content_type: str = JSON, **headers: str) -> int:
        return self._send("PUT", content, content_type, headers)

    def post(self, content: Any, content_type: str = JSON, **headers: str) -> int:
        return self._send("POST", content, content_type, headers)

    def delete(self, **headers: str) -> int:
        return self._send("DELETE", b"", JSON, headers)

    def _send(self, method: str, content: Any, kind: str, headers: dict[str, str]) -> int:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.generic(method, self.address, body, kind, headers=given)
        return answer.status_code


@pytest.fixture(params=PLACES)
def documents(store: Store, request: Any) -> Documents:
    return Documents(store, request.param)


def test_a_document_comes_back_as_it_was_written(documents: Documents) -> None:
    assert documents.put(b"\x00\xff", "image/png", If_None_Match="*") == 204
    read = documents.get()

    assert (read.content, read["Content-Type"]) == (b"\x00\xff", "image/png")
    assert documents.delete() == 204
    assert documents.get().status_code == 404
    assert documents.delete() == 204


def test_objects_are_merged(documents: Documents) -> None:
    documents.post({"a": 1, "b": {"x": 1}})

    assert documents.post({"b": {"y": 2}}) == 204
    assert documents.get().json() == {"a": 1, "b": {"y": 2}}
    assert documents.post([1]) == 400
    assert documents.post(b"text", "text/plain") == 400
    assert documents.post(b"{", JSON) == 400


def test_nothing_is_merged_into_what_is_no_object(documents: Documents) -> None:
    documents.put(b"text", "text/plain", If_None_Match="*")

    assert documents.post({"a": 1}) == 400
    assert documents.get().content == b"text"


def test_only_what_was_read_is_overwritten(documents: Documents) -> None:
    documents.post({"a": 1})
    etag = documents.get()["ETag"]

    assert documents.put({"a": 2}, If_None_Match="*") == 412
    assert documents.put({"a": 2}, If_Match='"other"') == 412
    assert documents.put({"a": 2}, If_Match=etag) == 204
    assert documents.put({"a": 3}, If_Match=etag) == 412
    assert documents.delete(If_Match=etag) == 412
    assert documents.get().json() == {"a": 2}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PLACES)
def test_version_2_refuses_to_overwrite_without_a_precondition(path: str) -> None:
    documents = Documents(Store(version="2.0.0"), path)

    assert documents.put({"a": 1}) == 204
    assert documents.put({"a": 2}) == 409


def test_version_1_needs_a_precondition_for_profiles_only(store: Store) -> None:
    state, profile = (Documents(store, path) for path in ("activities/state", "agents/profile"))

    assert [state.put({"a": 1}), state.put({"a": 2})] == [204, 204]
    assert profile.put({"a": 1}) == 400
    profile.post({"a": 1})
    assert profile.put({"a": 2}) == 409


def test_states_are_listed_and_deleted_together(store: Store) -> None:
    for changes in ({}, {"stateId": "b"}, {"stateId": "c", "registration": uuid(1)}):
        Documents(store, "activities/state", **changes).put({"a": 1})
    place = {"activityId": ACTIVITY, "agent": ADA}

    assert store.get("activities/state", **place).json() == ["a", "b", "c"]
    assert store.get("activities/state", **place, registration=uuid(1)).json() == ["c"]
    assert store.get("activities/state", **place, since="2100-01-01T00:00:00Z").json() == []
    assert store.get("activities/state", activityId=ACTIVITY, agent=BO).json() == []
    query = urlencode({"activityId": ACTIVITY, "agent": AGENT, "registration": uuid(1)})
    store.client.delete(f"/xapi/activities/state?{query}")
    assert store.get("activities/state", **place).json() == ["a", "b"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"activityId": "page"}, "activityId: must be an IRI"),
        ({"agent": "{}"}, "agent: needs exactly one of"),
        ({"agent": '{"objectType": "Group", "member": [{"mbox": "mailto:a@b"}]}'}, "anonymous"),
        ({"registration": "1"}, "registration: must be a UUID"),
        ({"stateid": "a"}, "stateid: is no parameter"),
        ({"stateId": ""}, "stateId: must not be empty"),
    ],
)
def test_a_wrong_parameter_is_named(store: Store, changes: dict[str, str], words: str) -> None:
    answer = store.client.get(Documents(store, "activities/state", **changes).address)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]


@pytest.mark.django_db
def test_documents_of_others_need_the_scope_for_all() -> None:
    scopes = ("xapi:write", "xapi:read")
    theirs, mine = (Documents(Store(name, *scopes), "activities/state") for name in "ab")
    theirs.put({"a": 1})

    assert mine.get().status_code == 404
    assert (mine.put({"a": 2}), mine.delete()) == (403, 403)
    assert Documents(Store("all"), "activities/state").get().json() == {"a": 1}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_one_is_told() -> None:
    documents = Documents(Store(), "activities/state")
    start, answers = Barrier(2), []

    def write(number: int) -> None:
        start.wait()
        answers.append(documents.put({"a": number}, If_None_Match="*"))
        connection.close()

    threads = [Thread(target=write, args=[number]) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(answers) == [204, 412]
    assert State.objects.count() == 1
