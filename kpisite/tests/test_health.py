from __future__ import annotations

from subprocess import Popen

import pytest
from django.core.cache import cache
from django.test import Client

from kpisite.health import beat


@pytest.mark.django_db
def test_a_site_without_a_worker_is_not_healthy(client: Client) -> None:
    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json() == {"database": True, "valkey": True, "worker": False, "disk": True}


@pytest.mark.django_db
def test_a_worker_that_has_just_beaten_is_alive(client: Client) -> None:
    beat()

    assert client.get("/health").status_code == 200


@pytest.mark.django_db
def test_an_unreachable_valkey_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "set", refused)

    assert client.get("/health").json()["valkey"] is False


@pytest.mark.journey
def test_a_real_worker_makes_the_site_healthy(client: Client, real_worker: Popen[bytes]) -> None:
    assert client.get("/health").json()["worker"] is True
