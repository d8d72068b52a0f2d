"""Where statements are stored, and how those of each store are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core.registry import Registry
from statements.occurrence import Occurrence

Raw = Mapping[str, Any]
Load = Callable[[Collection[int]], Mapping[int, Raw]]


@dataclass(frozen=True)
class Store:
    """`load` returns stored statements by their ids, complete with id and time."""

    load: Load
    read: Callable[[Raw], Occurrence]


STORES: Registry[Store] = Registry("Store of statements")  # not translated: for programmers
