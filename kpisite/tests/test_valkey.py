from __future__ import annotations

from pathlib import Path

import pytest

from kpisite.config import valkey

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("url", "for_django", "for_celery"),
    [
        ("redis://cache:6379", "redis://cache:6379/0", "redis://cache:6379/0"),
        ("rediss://:pw@cache:6380/2", "rediss://:pw@cache:6380/2", "rediss://:pw@cache:6380/2"),
        (
            "unix:///run/v.sock?db=3",
            "unix:///run/v.sock?db=3",
            "redis+socket:///run/v.sock?virtual_host=3",
        ),
    ],
)
def test_an_address_is_written_as_each_client_needs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, for_django: str, for_celery: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    address = valkey.address("REDIS_URL", tmp_path)

    assert (address.for_django(), address.for_celery()) == (for_django, for_celery)


def test_the_cache_uses_the_next_database() -> None:
    queue = valkey.Address("redis://cache:6379", 4)

    assert queue.next().for_django() == "redis://cache:6379/5"


def test_without_an_address_the_private_socket_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REDIS_URL")

    address = valkey.address("REDIS_URL", Path("/srv/kpi"))

    assert address.for_django() == "unix:///srv/kpi/valkey.sock?db=0"


def test_a_long_folder_gets_a_short_socket_path_of_its_own() -> None:
    ada, bo = Path("/srv") / ("a" * 100), Path("/srv") / ("b" * 100)

    assert len(str(valkey.socket_path(ada))) < 104
    assert valkey.socket_path(ada) == valkey.socket_path(ada)
    assert valkey.socket_path(ada) != valkey.socket_path(bo)
