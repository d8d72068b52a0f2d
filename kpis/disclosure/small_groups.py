"""Which groups are small, so that only readers with the permission may see their figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isclose
from typing import Any, TypeVar

from django.conf import settings

from kpis.statistics.intervals import Sums

K = TypeVar("K", bound=Any)


def is_small(sums: Sums) -> bool:
    """Return 0 < learners < KPI_MIN_GROUP."""
    return 0 < sums.learners < settings.KPI_MIN_GROUP


def to_hide_beside(parts: Mapping[K, Sums], hidden: Collection[K]) -> set[K]:
    """Return the smallest shown part that must be hidden too because all hidden ones are alike.

    Subtracting the shown parts from the whole would reveal that everybody in a small group reached
    the goal, or nobody. Empty if the hidden parts differ or if no part would make a difference.
    """
    hidden_sums = [sums for key, sums in parts.items() if key in hidden]
    rest = sum(hidden_sums, Sums())
    if not any(map(is_small, hidden_sums)) or not _are_alike(rest):
        return set()
    # the key breaks ties, so that every process hides the same part
    shown = sorted(set(parts) - set(hidden), key=lambda key: (parts[key].learners, key))
    return set([key for key in shown if not _are_alike(rest + parts[key])][:1])


def _are_alike(sums: Sums) -> bool:
    """True if everybody or nobody reached the goal."""
    return sums.total == 0 or isclose(abs(sums.total), sums.weight)


def fewest(*people: int) -> int:
    """Return the smallest of the groups behind one row, ignoring empty ones."""
    return min((number for number in people if number), default=0)
