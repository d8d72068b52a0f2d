"""Cache results in the memory of one process.

A key must contain everything that the result depends on: entries are never invalidated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
ALL: list[ProcessCache[Any]] = []


class ProcessCache(Generic[T]):
    """Keep the `limit` most recently used results."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()
        ALL.append(self)

    def get(self, key: Hashable) -> T | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def keep(self, key: Hashable, value: T) -> T:
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)
        return value

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def clear_all() -> None:
    for one in ALL:
        one.clear()
