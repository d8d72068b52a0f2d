"""A key that sends too much gets 429, and learns when to go on."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.tests.people import account, course, moment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_twenty_past(settings: Any) -> Any:
    """Twenty seconds into a minute, with limits of two requests and one batch."""
    settings.KPI_API_REQUESTS_PER_MINUTE, settings.KPI_API_BATCHES_PER_MINUTE = 2, 1
    with patch("django.utils.timezone.now", lambda: moment("2026-11-02T12:00:20")):
        yield


def key(name: str = "lms", **fields: Any) -> str:
    _, secret = create_api_key(name, ["kpis:read", "events:write"])
    ApiKey.objects.filter(name=name).update(**fields)
    return secret


def reads(secret: str) -> Any:
    return Client().get("/api/courses", headers={"Authorization": f"Bearer {secret}"})


def sends(secret: str) -> Any:
    return Client().post(
        "/api/events",
        [{"id": "1"}],
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_one_request_too_many_is_a_problem_that_says_when_to_try_again() -> None:
    secret = key()
    answers = [reads(secret) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "40"
    assert answers[2].json() == {
        "code": "throttled",
        "detail": "The API key lms may send 2 requests per minute. Try again in 40 s.",
    }


def test_every_response_says_what_remains() -> None:
    secret = key()
    answers = [reads(secret) for _ in range(3)]

    assert [one.headers["RateLimit"] for one in answers] == [
        f'"requests";r={remaining};t=40' for remaining in (1, 0, 0)
    ]
    assert answers[0].headers["RateLimit-Policy"] == '"requests";q=2;w=60'


def test_the_next_minute_begins_anew() -> None:
    secret = key()
    for _ in range(3):
        reads(secret)
    with patch("django.utils.timezone.now", lambda: moment("2026-11-02T12:01")):
        assert reads(secret).status_code == 200


def test_batches_of_events_have_a_limit_of_their_own() -> None:
    secret = key()
    answers = [sends(secret), sends(secret), reads(secret)]

    assert [one.status_code for one in answers] == [422, 429, 200]
    assert "may send 1 batches per minute" in answers[1].json()["detail"]


def test_each_key_is_counted_for_itself() -> None:
    lms, bi = key(), key("bi")
    for _ in range(3):
        reads(lms)

    assert reads(bi).status_code == 200


@pytest.mark.parametrize(("own", "codes"), [(1, [200, 429, 429]), (0, [200, 200, 200])])
def test_a_key_may_have_a_limit_of_its_own(own: int, codes: list[int]) -> None:
    secret = key(requests_per_minute=own)

    assert [reads(secret).status_code for _ in range(3)] == codes


def test_an_account_has_no_limit() -> None:
    client = Client()
    client.force_login(account("Ada", grants=(course("py"),)))
    answers = [client.get("/api/courses") for _ in range(4)]

    assert {one.status_code for one in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_reaching_the_limit_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    secret = key()
    for _ in range(5):
        reads(secret)

    assert caplog.text.count("API key lms reached its limit of requests") == 1
