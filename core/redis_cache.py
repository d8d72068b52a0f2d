"""Django's Redis cache with a client that is kept, where Django 5.2 builds a new one for each call.

Threads may share it, since its connections come from a pool. Building one takes longer than asking
the server: redis-py 8.1 registers about 170 commands each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.cache import caches
from django.core.cache.backends import redis

if TYPE_CHECKING:
    from redis import Redis


class KeptClient(redis.RedisCacheClient):
    """Keep one client for reading and one for writing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept: dict[bool, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        if write not in self._kept:
            self._kept[write] = super().get_client(key, write=write)
        return self._kept[write]


class RedisCache(redis.RedisCache):
    """The cache of the settings."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient

    @property
    def client(self) -> Redis:
        """The client of the server itself, for what Django's cache cannot do at once."""
        return self._cache.get_client(write=True)


def valkey() -> Redis:
    """Return the client of the cache's server; keys are made by `cache.make_key`."""
    return cast("RedisCache", caches["default"]).client
