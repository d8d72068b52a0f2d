"""Freeze figures of open periods until enough people have changed them.

Reading an open figure before and after a single event reveals one person's result. With
`KPI_HOLD_OPEN_FIGURES`, readers without the small-groups permission see an open figure change only
after at least `KPI_MIN_GROUP` people were added or changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.models import HeldFigure, columns_of
from kpis.read_sums import FoundSums

# each person's contribution to a figure, by id
People = dict[str, list[float]]


def hold_open_figures(
    indicator: Indicator, scope: Scope, found: Mapping[Period, FoundSums], now: datetime
) -> dict[Period, FoundSums]:
    """Replace the sums of open periods by the ones that are held."""
    return {
        period: _held(indicator, scope, period, one, now) if period.is_open(now) else one
        for period, one in found.items()
    }


def _held(
    indicator: Indicator, scope: Scope, period: Period, found: FoundSums, now: datetime
) -> FoundSums:
    if not indicator.facts or not found.sums.n:
        return found
    people = _people(indicator, period.as_of(now), scope)
    key = _key(indicator, scope, period)
    row = HeldFigure.objects.filter(key=key).first()
    if row and _changed(row.people, people) < settings.KPI_MIN_GROUP:
        return replace(found, sums=row.sums, computed_at=row.held_at)
    _hold(key, period, found, people, now)
    return found


def _people(indicator: Indicator, period: Period, scope: Scope) -> People:
    grouped = sums_by(indicator, period, ("people",), scope)
    return {str(pk): [one.n, one.total, one.weight] for (pk,), one in grouped.items()}


def _changed(before: People, after: People) -> int:
    return sum(1 for pk in before.keys() | after.keys() if before.get(pk) != after.get(pk))


def _hold(key: str, period: Period, found: FoundSums, people: People, now: datetime) -> None:
    HeldFigure.objects.filter(after__lte=local_day(now, period.zone)).delete()
    HeldFigure.objects.update_or_create(
        key=key,
        defaults={
            "after": period.after,
            **dict(zip(HeldFigure.SUMS, columns_of(found.sums), strict=True)),
            "people": people,
            "held_at": found.computed_at or now,
        },
    )


def _key(indicator: Indicator, scope: Scope, period: Period) -> str:
    courses = None if scope.course_ids is None else sorted(scope.course_ids)
    parts = (
        *(indicator.key, indicator.version, courses, scope.run_id, scope.module_id),
        *(period.kind, period.first.isoformat(), period.after.isoformat()),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()
