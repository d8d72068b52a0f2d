"""Small groups: which figures a reader without the permission must not see."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from django.conf import settings

from kpis.stats import Sums

K = TypeVar("K", bound=Hashable)


def is_small(sums: Sums) -> bool:
    """0 < learners < KPI_MIN_GROUP."""
    return 0 < sums.learners < settings.KPI_MIN_GROUP


def hidden(parts: Mapping[K, Sums]) -> set[K]:
    """The parts of one whole to hide: the small ones and, where one alone could be recovered
    by subtracting the others from the whole, the smallest of those with it."""
    small = {key for key, sums in parts.items() if is_small(sums)}
    others = [key for key, sums in parts.items() if sums.learners and key not in small]
    if len(small) == 1 and others:
        small.add(min(others, key=lambda key: parts[key].learners))
    return small
