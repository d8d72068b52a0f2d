"""A whole from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import reduce

from django.conf import settings

from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.statistics.intervals import Sums


def combine_parts(
    indicator: Indicator,
    period: Period,
    scope: Scope,
    parts: Sequence[Sums],
    *,
    learners: AbstractSet[int] | None = None,
) -> Sums:
    """Add up disjoint parts of a scope.

    The parts' learners may overlap, so their number is bounded by the largest part. Where that
    bound cannot tell that the whole is no small group, `learners` (the ids of all of them) are
    counted or, where the caller has them not, the facts are asked. The facts may be newer than
    the parts, which are then about to be recomputed: never more learners than observations.
    """
    sums = reduce(Sums.__add__, parts, Sums())
    is_bounded = sum(1 for part in parts if part.learners) > 1
    if indicator.aggregate is None or not is_bounded or sums.learners >= settings.KPI_MIN_GROUP:
        return sums
    if learners is not None:
        return replace(sums, learners=len(learners))
    counted = indicator.aggregate(period).grouped((), scope)[()]
    return replace(sums, learners=min(counted.learners, sums.n))
