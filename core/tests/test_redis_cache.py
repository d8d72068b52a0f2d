from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from django.core.cache import caches


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[redis.Redis]]:
    """Collect the clients that are built, from an empty cache connection on."""
    built: list[redis.Redis] = []
    build = redis.Redis.__init__

    def counting(self: redis.Redis, *args: object, **options: object) -> None:
        built.append(self)
        build(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(redis.Redis, "__init__", counting)
    del caches["default"]
    yield built
    del caches["default"]


@pytest.mark.once
def test_no_call_builds_a_client_of_its_own(clients: list[redis.Redis]) -> None:
    cache = caches["default"]
    cache.set("one", 1)
    cache.set_many({"two": 2, "three": 3})

    assert cache.get("one") == 1
    assert cache.get_many(["two", "three", "four"]) == {"two": 2, "three": 3}
    cache.delete("one")
    assert cache.get("one") is None
    assert len(clients) == 2  # to write, and to read
