from __future__ import annotations

import time
from subprocess import Popen

import pytest
from django.core.cache import cache
from django.test import Client

from kpisite.http.health import record_worker
from kpisite.jobs.beat import SENT_KEY, record_sent

HEALTHY = dict.fromkeys(("database", "valkey", "worker", "beat", "disk"), True)


@pytest.mark.django_db
def test_a_site_without_a_worker_is_not_healthy(client: Client) -> None:
    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json() == {**HEALTHY, "worker": False, "beat": False}


@pytest.mark.django_db
def test_pages_are_served_without_a_worker(client: Client) -> None:
    answer = client.get("/health/web")

    assert (answer.status_code, answer.json()) == (200, {"database": True, "disk": True})


@pytest.mark.django_db
def test_a_site_with_recent_signs_of_worker_and_beat_is_healthy(
    client: Client,
) -> None:
    record_worker()
    record_sent()

    assert client.get("/health").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [-86_400, -121, 121, 86_400])
def test_a_beat_that_has_sent_nothing_for_two_minutes_is_reported(
    client: Client, seconds: int
) -> None:
    record_worker()
    cache.set(SENT_KEY, int(time.time()) - seconds, None)

    assert client.get("/health").json() == {**HEALTHY, "beat": False}


@pytest.mark.django_db
def test_an_unreachable_valkey_is_reported(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "set", refused)

    assert client.get("/health").json()["valkey"] is False


@pytest.mark.journey
def test_a_real_worker_makes_the_site_healthy(client: Client, real_worker: Popen[bytes]) -> None:
    assert client.get("/health").json()["worker"] is True
