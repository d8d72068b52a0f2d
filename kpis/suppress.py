"""Small groups: which figures a reader without the permission must not see."""

from __future__ import annotations

from django.conf import settings

from kpis.stats import Sums


def is_small(sums: Sums) -> bool:
    """0 < learners < KPI_MIN_GROUP."""
    return 0 < sums.learners < settings.KPI_MIN_GROUP


def fewest(*people: int) -> int:
    """The smallest of several groups that one row is about, without those that are empty."""
    return min((number for number in people if number), default=0)
