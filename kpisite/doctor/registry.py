"""How checks say what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from core.registry import Registry
from kpisite.doctor.findings import Problem

Need = Literal["database", "tables", "valkey"]
# yields what is wrong; returns what to say if nothing is
Examine = Callable[[], Iterator[Problem | str]]


@dataclass(frozen=True)
class Check:
    """`needs` is that without which it cannot be made; `tables` are those of this version.

    `is_slow`: it reads all data or asks other hosts, so a page leaves it out.
    """

    key: str
    title: str
    examine: Examine
    needs: tuple[Need, ...] = ()
    is_slow: bool = False


CHECKS: Registry[Check] = Registry("check")


def check(
    key: str, title: str, *needs: Need, is_slow: bool = False
) -> Callable[[Examine], Examine]:
    """Register a function that yields problems, and sentences about what is well."""

    def register(examine: Examine) -> Examine:
        # without a database there are no tables
        all_needs = ("database", *needs) if "tables" in needs else needs
        CHECKS.register(key, Check(key, title, examine, all_needs, is_slow))
        return examine

    return register
