"""The requests of a key are counted, and stored together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import Redis

from accounts.api_key_use import store_counts
from accounts.api_keys import create_api_key, rotate_api_key
from accounts.models import ApiKey, ApiKeyUse, FormerSecret
from accounts.tests.people import moment
from core import redis_cache, task_queue

pytestmark = pytest.mark.django_db


def send(secret: str, *, times: int = 1) -> None:
    for _ in range(times):
        Client().get("/api/courses", headers={"Authorization": f"Bearer {secret}"})


def stored() -> dict[str, int]:
    return {f"{one.key} {one.day}": one.requests for one in ApiKeyUse.objects.all()}


def at(text: str) -> Callable[[], object]:
    return lambda: moment(text)


def test_requests_are_counted_per_day() -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    with patch("django.utils.timezone.now", at("2026-11-02T23:59")):
        send(secret, times=3)
    with patch("django.utils.timezone.now", at("2026-11-03T00:00")):
        send(secret, times=2)
    store_counts()

    assert stored() == {"bi 2026-11-02": 3, "bi 2026-11-03": 2}
    assert ApiKey.objects.get().last_used_at == moment("2026-11-03")


def test_later_requests_are_added() -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    for _ in range(2):
        send(secret, times=2)
        store_counts()
    store_counts()

    assert list(stored().values()) == [4]


def test_a_request_writes_nothing_to_the_database() -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    with CaptureQueriesContext(connection) as queries:
        send(secret)

    assert [one["sql"] for one in queries if not one["sql"].startswith("SELECT")] == []


def test_a_rejected_key_is_not_counted() -> None:
    create_api_key("bi", ["kpis:read"])
    send("guessed")
    store_counts()

    assert stored() == {}


def test_the_last_use_of_a_former_secret_is_its_own() -> None:
    key, old = create_api_key("bi", ["kpis:read"])
    rotate_api_key(key, overlap=timedelta(days=1), expires_at=None, now=timezone.now())
    send(old)
    store_counts()

    assert FormerSecret.objects.get().last_used_at is not None
    assert ApiKey.objects.get().last_used_at is None
    assert list(stored().values()) == [1]


def test_the_use_of_a_deleted_key_is_dropped() -> None:
    key, secret = create_api_key("bi", ["kpis:read"])
    send(secret)
    key.delete()
    store_counts()

    assert stored() == {}


def test_what_could_not_be_stored_is_stored_next_time() -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    send(secret, times=2)
    with (
        patch("accounts.api_key_use.bulk_upsert.upsert", side_effect=RuntimeError),
        pytest.raises(RuntimeError),
    ):
        store_counts()
    send(secret)
    store_counts()

    assert list(stored().values()) == [3]


def test_without_valkey_requests_are_answered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, secret = create_api_key("bi", ["kpis:read"])
    away = Redis(unix_socket_path="/nowhere")
    monkeypatch.setattr(task_queue, "_logged_at", {})
    monkeypatch.setattr(redis_cache.RedisCache, "client", away)
    answers = [
        Client().get("/api/courses", headers={"Authorization": f"Bearer {secret}"})
        for _ in range(3)
    ]
    store_counts()

    assert {one.status_code for one in answers} == {200}
    assert caplog.text.count("API keys have no limits meanwhile") == 1
    assert caplog.text.count("requests of API keys are not counted") == 1
