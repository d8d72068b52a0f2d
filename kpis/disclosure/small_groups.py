"""Small groups: which figures a reader without the permission must not see."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from math import isclose
from typing import TypeVar

from django.conf import settings

from kpis.statistics.intervals import Sums

K = TypeVar("K", bound=Hashable)


def is_small(sums: Sums) -> bool:
    """0 < learners < KPI_MIN_GROUP."""
    return 0 < sums.learners < settings.KPI_MIN_GROUP


def to_hide_beside(parts: Mapping[K, Sums], hidden: Collection[K]) -> set[K]:
    """The smallest shown part that has to go where all hidden ones are alike.

    What is left of a whole without its shown parts would tell that everybody in a small one
    reached it, or nobody. None where they differ, or where no part would make a difference.
    """
    gone = [sums for key, sums in parts.items() if key in hidden]
    rest = sum(gone, Sums())
    if not any(map(is_small, gone)) or not _are_alike(rest):
        return set()
    shown = sorted(set(parts) - set(hidden), key=lambda key: parts[key].learners)
    return set([key for key in shown if not _are_alike(rest + parts[key])][:1])


def _are_alike(sums: Sums) -> bool:
    return sums.total == 0 or isclose(abs(sums.total), sums.weight)


def fewest(*people: int) -> int:
    """The smallest of several groups that one row is about, without those that are empty."""
    return min((number for number in people if number), default=0)
