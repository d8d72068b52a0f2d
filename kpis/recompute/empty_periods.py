"""Leave out stale periods that have neither facts nor figures, without reading each of them.

A subscription without an end makes all days until now stale. Once its end is known, nothing was
held on most of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet

from core import reporting_clock
from core.changes import CourseId
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement
from kpis.recompute.stale_days import KIND_ORDER, day_of

# fewer periods are recomputed sooner than it takes to find out which of them are empty
MANY = 200

# a stale key, a course, the rank of a kind of period and the start of one
Waiting = tuple[str, CourseId, int, date]
# first and last day on which something was held without a gap; None if it still is
Stretch = tuple[date, date | None]


def without_empty(waiting: set[Waiting]) -> set[Waiting]:
    """Leave out the empty periods of KPIs over what is held when a period starts."""
    by_key: dict[str, set[tuple[int, date]]] = defaultdict(set)
    for key, _, rank, start in waiting:
        by_key[key].add((rank, start))
    empty = {
        (key, *period)
        for key, periods in by_key.items()
        if len(periods) > MANY
        for period in _empty(key, periods)
    }
    return {one for one in waiting if (one[0], one[2], one[3]) not in empty}


def _empty(key: str, periods: set[tuple[int, date]]) -> set[tuple[int, date]]:
    zone = reporting_clock.reporting_zone()
    indicator = REGISTRY.get(key)
    facts = indicator.facts if indicator else None
    if facts is None or facts.until is None:
        return set()
    rows: QuerySet[Any] = QuerySet(facts.model).filter(**{f"{facts.at}__isnull": False})
    dated = rows.order_by(facts.at, facts.until).values_list(facts.at, facts.until).iterator()
    stretches = _stretches((day_of(begin), end and day_of(end)) for begin, end in dated)
    begins = [begin for begin, _ in stretches]

    def is_held(rank: int, start: date) -> bool:
        first = containing(start, KIND_ORDER[rank], zone).first
        at = bisect_left(begins, first) - 1
        if at < 0:
            return False
        end = stretches[at][1]
        return end is None or first <= end

    stored = _stored(key, periods)
    return {one for one in periods if one not in stored and not is_held(*one)}


def _stretches(rows: Iterable[Stretch]) -> list[Stretch]:
    """Join what overlaps; rows come sorted by their beginning."""
    found: list[Stretch] = []
    for begin, end in rows:
        last = found[-1] if found else None
        if last is None or (last[1] is not None and last[1] < begin):
            found.append((begin, end))
        elif last[1] is not None and (end is None or end > last[1]):
            found[-1] = (last[0], end)
    return found


def _stored(key: str, periods: set[tuple[int, date]]) -> set[tuple[int, date]]:
    days = [start for _, start in periods]
    rows = Measurement.objects.filter(kpi=key, period_start__range=(min(days), max(days)))
    found = rows.filter(n__gt=0).order_by().values_list("period_kind", "period_start").distinct()
    ranks = {str(kind): rank for rank, kind in enumerate(KIND_ORDER)}
    return {(ranks[kind], start) for kind, start in found}
