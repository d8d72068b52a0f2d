"""The one way in which apps register what they declare: KPIs, event kinds, parameters and so on."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class Registry(dict[str, T]):
    """Declared objects by key, in the order of their declaration."""

    def __init__(self, noun: str) -> None:
        """`noun` names one object in error messages, such as KPI."""
        super().__init__()
        self._noun = noun

    def register(self, key: str, declared: T) -> None:
        """Add an object; ValueError if its key is taken."""
        if key in self:
            raise ValueError(f"{self._noun} {key} is registered twice.")
        self[key] = declared
