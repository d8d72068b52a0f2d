"""Versions, credentials, forms in place of methods, and calls from other sites."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_keys import rotate_api_key
from accounts.models import ApiKey, User
from core.redis_cache import valkey
from xapi.models import Statement
from xapi.tests.lrs import SAW, Store, basic, statement, uuid

pytestmark = pytest.mark.django_db
VERSION = "X-Experience-API-Version"


@pytest.mark.parametrize(
    ("version", "status", "answered"),
    [
        ("1.0", 200, "1.0.3"),
        ("1.0.1", 200, "1.0.3"),
        ("1.0.9", 200, "1.0.3"),
        ("2.0", 200, "2.0.0"),
        ("2.0.0", 200, "2.0.0"),
        ("0.95", 400, "1.0.3"),
        ("1.1.0", 400, "1.0.3"),
        ("2.1.0", 400, "2.0.0"),
        ("two", 400, "2.0.0"),
    ],
)
def test_each_version_is_answered_or_refused(version: str, status: int, answered: str) -> None:
    answer = Store().get(headers={VERSION: version})

    assert (answer.status_code, answer[VERSION]) == (status, answered)


def test_a_request_without_a_version_is_refused() -> None:
    store = Store()
    answer = Client(headers=basic("tool", store.secret)).get("/xapi/statements")

    assert (answer.status_code, answer[VERSION]) == (400, "0.95")
    assert "needs the header X-Experience-API-Version" in answer.json()["detail"]


def test_anybody_may_ask_for_the_versions() -> None:
    assert Client().get("/xapi/about").json()["version"] == ["1.0.3", "2.0.0"]


def test_a_key_is_accepted_under_its_name_or_prefix_or_as_a_token() -> None:
    store = Store()

    def status(headers: dict[str, str]) -> int:
        return Client(headers={VERSION: "1.0.3", **headers}).get("/xapi/statements").status_code

    assert status(basic("tool", store.secret)) == 200
    assert status(basic(store.key.prefix, store.secret)) == 200
    assert status({"Authorization": f"Bearer {store.secret}"}) == 200
    assert status(basic("somebody", store.secret)) == 401
    assert status(basic("tool", "wrong")) == 401
    assert status({"Authorization": "Basic !"}) == 401
    assert status({"Authorization": "Digest x"}) == 401
    assert status({}) == 401


def test_a_former_secret_works_for_as_long_as_it_was_given() -> None:

    store = Store()
    rotate_api_key(store.key, overlap=timedelta(days=1), expires_at=None, now=timezone.now())

    assert store.get().status_code == 200


def test_a_refused_key_is_told_how_to_ask() -> None:
    store = Store()
    store.key.delete()
    answer = store.get()

    assert answer["WWW-Authenticate"].startswith("Basic")
    assert answer.json() == {"code": "not_authenticated", "detail": "This API key is unknown."}


def test_a_key_needs_the_scope() -> None:
    sender, reader = Store("sender", "xapi:write"), Store("reader", "xapi:read")

    assert sender.post(statement()).status_code == 200
    assert sender.get().status_code == 403
    assert reader.post(statement()).status_code == 403
    assert reader.get().json()["statements"] == []


def test_a_key_that_sends_too_much_is_told_when_to_go_on() -> None:
    store = Store(batches_per_minute=1)
    valkey().flushdb()
    answers = [store.post(statement()) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 429]
    assert int(answers[1]["Retry-After"]) > 0


def form(store: Store, method: str, **fields: Any) -> Any:
    body = urlencode({VERSION: "1.0.3", **basic("tool", store.secret), **fields}).encode()
    path = f"/xapi/statements?method={method}"
    return Client().generic("POST", path, body, "application/x-www-form-urlencoded")


def test_a_form_stands_for_another_method() -> None:
    store = Store()
    sent = json.dumps(statement())

    assert form(store, "PUT", statementId=uuid(1), content=sent).status_code == 204
    assert form(store, "POST", content=sent).status_code == 200
    assert len(form(store, "GET", verb=SAW["id"]).json()["statements"]) == 2


def test_a_form_is_refused_in_version_2_or_when_it_is_none() -> None:
    store = Store()

    assert form(store, "PUT", statementId=uuid(1)).status_code == 400
    assert form(store, "PATCH").status_code == 400
    assert form(store, "GET&limit=1").status_code == 400
    assert form(store, "GET", **{VERSION: "2.0.0"}).status_code == 400
    in_json = store.client.post("/xapi/statements?method=GET", {}, "application/json")
    assert in_json.status_code == 400
    second = Store("second", version="2.0.0")
    assert (
        second.client.post("/xapi/statements?method=GET", {}, "application/json").status_code == 400
    )
    assert not Statement.objects.exists()


def test_head_answers_like_get_without_a_body() -> None:
    store = Store()
    store.post(statement(1))
    got = store.get(statementId=uuid(1))
    head = store.client.head("/xapi/statements", {"statementId": uuid(1)})

    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Length"] == str(len(got.content))
    assert store.client.delete("/xapi/statements").status_code == 405


def test_pages_of_the_listed_origins_may_call(settings: Any) -> None:
    settings.KPI_XAPI_ORIGINS = ["https://content.example"]
    store = Store()

    def asked(origin: str) -> Any:
        return store.client.options("/xapi/statements", headers={"Origin": origin})

    listed, other = asked("https://content.example"), asked("https://other.example")
    assert listed.status_code == other.status_code == 204
    assert listed["Access-Control-Allow-Origin"] == "https://content.example"
    assert "PUT" in listed["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Origin" not in other
    read = store.get(headers={"Origin": "https://content.example"})
    assert "ETag" in read["Access-Control-Expose-Headers"]


def test_a_cookie_opens_nothing() -> None:

    client = Client(headers={VERSION: "1.0.3"})
    client.force_login(User.objects.create_superuser("staff@example.com", "secret"))

    assert client.get("/xapi/statements").status_code == 401
    assert not ApiKey.objects.exists()
