"""Cache results in the memory of one process.

A key must contain everything that the result depends on: entries are never invalidated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

T = TypeVar("T")
ALL: list[ProcessCache[Any]] = []


class ProcessCache(Generic[T]):
    """Keep the most recently used results: `limit` of them, or of what `size_of` measures."""

    def __init__(self, limit: int, size_of: Callable[[T], int] = lambda _: 1) -> None:
        self._limit = limit
        self._size_of = size_of
        self._size = 0
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
            if key in self._entries:
                self._size -= self._size_of(self._entries.pop(key))
            self._entries[key] = value
            self._size += self._size_of(value)
            while self._size > self._limit:
                self._size -= self._size_of(self._entries.popitem(last=False)[1])
        return value

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._size = 0


def clear_all() -> None:
    for one in ALL:
        one.clear()
