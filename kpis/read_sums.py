"""Read sums: from stored measurements if there are any, otherwise from the facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

from django.db.models import Min, Q, QuerySet

from kpis.aggregation.grouped_sums import combine_parts
from kpis.aggregation.sums_of_periods import sums_of_periods
from kpis.definitions.periods import WINDOW, Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpis.models import CompositeMeasurement, Measurement, PeriodKind
from kpis.recompute.stored_rows import COMPOSITES, MEASUREMENTS, Table, table_of
from kpis.statistics.intervals import NOTHING, Sums

StoredFigure = Measurement | CompositeMeasurement


@dataclass(frozen=True)
class FoundSums:
    """Sums, when they were computed and when late data last changed them."""

    sums: Sums = NOTHING
    computed_at: datetime | None = None
    restated_at: datetime | None = None


def stored(
    indicators: Iterable[Indicator], scope: Scope, periods: Sequence[Period]
) -> dict[str, list[StoredFigure]]:
    """Return the rows of a scope in periods by KPI, in a statement per table."""
    found: dict[str, list[StoredFigure]] = {one.key: [] for one in indicators}
    for table in (MEASUREMENTS, COMPOSITES):
        keys = [key for key in found if table_of(REGISTRY[key]) is table]
        rows = _rows(table, keys, periods).filter(_cells(scope)) if keys else ()
        for row in rows:
            found[row.kpi].append(row)
    return found


def series(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    now: datetime,
    stored_rows: Iterable[StoredFigure] | None = None,
    *,
    with_restated: bool = True,
) -> dict[Period, FoundSums]:
    """Return the sums of a scope in each period.

    `stored_rows` are those that are stored, if they have been read already. Without
    `with_restated`, it is not looked up when those from the facts were restated.
    """
    if not is_stored(indicator, scope, periods):
        return from_facts(indicator, scope, periods, now, with_restated=with_restated)
    if stored_rows is None:
        stored_rows = stored([indicator], scope, periods)[indicator.key]
    rows = defaultdict(list)
    for row in stored_rows:
        rows[row.period_kind, row.period_start].append(row)
    return {
        period: _combined(indicator, scope, period.as_of(now), rows[period.kind, period.first])
        for period in periods
    }


def groups(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    by: str,
    now: datetime,
    *,
    with_restated: bool = True,
) -> dict[Period, dict[int, FoundSums]]:
    """Return the sums of each course, run, module or learner by its id, per period."""
    if not _groups_are_stored(scope, periods, by):
        found = _grouped(indicator, scope, periods, (by,), now)
        dated = [one for one in periods if found[one]] if with_restated else []
        return _dated(found, _restated(indicator, dated, by, scope))
    rows = _rows(table_of(indicator), [indicator.key], periods).filter(scope=by, n__gt=0)
    if scope.course_ids is not None:
        rows = rows.filter(course__in=scope.course_ids)
    stored: dict[tuple[str, date], dict[int, FoundSums]] = defaultdict(dict)
    for row in rows:
        stored[row.period_kind, row.period_start][row.scope_id] = found_in(row)
    return {period: stored[period.kind, period.first] for period in periods}


def cells(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    by: tuple[str, ...],
    now: datetime,
) -> dict[Period, dict[tuple[int, ...], FoundSums]]:
    """Return the sums of each group of one or more dimensions by its ids, per period.

    It is not looked up when those from the facts were restated.
    """
    if len(by) == 1:
        found = groups(indicator, scope, periods, by[0], now, with_restated=False)
        return {one: {(key,): sums for key, sums in found[one].items()} for one in periods}
    return _grouped(indicator, scope, periods, by, now)


def _groups_are_stored(scope: Scope, periods: Sequence[Period], by: str) -> bool:
    is_whole = scope.run_id is None and scope.module_id is None
    months = all(period.kind == PeriodKind.MONTH for period in periods)
    is_stored = by in ("course", "run") or (by == "module" and months)
    return is_whole and is_stored and _are_stored(scope, periods)


def _dated(
    found: Mapping[Period, Mapping[tuple[int, ...], FoundSums]],
    restated: Mapping[tuple[Period, int], datetime],
) -> dict[Period, dict[int, FoundSums]]:
    return {
        period: {
            group: replace(one, restated_at=restated.get((period, group)))
            for (group,), one in groups.items()
        }
        for period, groups in found.items()
    }


def _grouped(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    by: tuple[str, ...],
    now: datetime,
) -> dict[Period, dict[tuple[int, ...], FoundSums]]:
    return {
        period: {
            key: FoundSums(sums, computed_at=now)
            for key, sums in groups.items()
            if None not in key and sums.n
        }
        for period, groups in _sums_of_begun(indicator, scope, periods, by, now).items()
    }


def _sums_of_begun(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    by: tuple[str, ...],
    now: datetime,
) -> dict[Period, dict[tuple[int, ...], Sums]]:
    """Return the sums of each group; of no group where nothing can have happened yet."""
    if not indicator.is_computed:
        return {period: {} for period in periods}
    begun = {period: period.as_of(now) for period in periods if period.has_begun(now)}
    found = sums_of_periods(indicator, list(begun.values()), by, scope)
    return {period: found[begun[period]] if period in begun else {} for period in periods}


def is_stored(indicator: Indicator, scope: Scope, periods: Sequence[Period]) -> bool:
    """Return whether measurements are stored for the scope in these periods."""
    if not _are_stored(scope, periods):
        return False
    if not indicator.is_additive and scope.course_ids is not None and len(scope.course_ids) > 1:
        return False
    if scope.module_id is None:
        return True
    return scope.run_id is None and all(one.kind == PeriodKind.MONTH for one in periods)


def _are_stored(scope: Scope, periods: Sequence[Period]) -> bool:
    return scope.learner_ids is None and all(period.kind != WINDOW for period in periods)


def first_day(indicator: Indicator, scope: Scope, kind: str) -> date | None:
    """Return the first day of the first period with data in the courses of the scope."""
    courses = Scope(scope.course_ids)
    rows = Measurement.objects.filter(_cells(courses), kpi=indicator.key, period_kind=kind, n__gt=0)
    found: date | None = rows.aggregate(first=Min("period_start"))["first"]
    return found


def from_facts(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    now: datetime,
    *,
    with_restated: bool = True,
) -> dict[Period, FoundSums]:
    """Return the sums of a scope in each period, as the facts are now."""
    found = _sums_of_begun(indicator, scope, periods, (), now)
    begun = [period for period in periods if found[period]]
    restated: dict[Period, datetime] = {}
    asked = begun if with_restated else []
    for (period, _), at in _restated(indicator, asked, _level(scope), scope).items():
        restated[period] = max(at, restated.get(period, at))
    return {
        period: FoundSums(found[period][()], now, restated.get(period))
        if period in begun
        else FoundSums()
        for period in periods
    }


def _level(scope: Scope) -> str:
    if scope.module_id is not None:
        return "module"
    if scope.run_id is not None:
        return "run"
    return "site" if scope.course_ids is None else "course"


def _restated(
    indicator: Indicator, periods: Sequence[Period], level: str, scope: Scope
) -> dict[tuple[Period, int], datetime]:
    """Return when values within each period were last restated, by the course, run, ….

    Modules are stored by month, everything else by day.
    """
    if level == "learner" or scope.learner_ids is not None or not periods:
        return {}
    kind = PeriodKind.MONTH if level == "module" else PeriodKind.DAY
    firsts = {one: containing(one.first, kind, one.zone).first for one in periods}
    rows = Measurement.objects.filter(
        kpi=indicator.key,
        period_kind=kind,
        period_start__range=(min(firsts.values()), max(one.last for one in periods)),
        scope=level,
        restated_at__isnull=False,
    )
    selected = {"module": scope.module_id, "run": scope.run_id}.get(level)
    if selected is not None:
        rows = rows.filter(scope_id=selected)
    if scope.course_ids is not None:
        rows = rows.filter(course__in=scope.course_ids)
    latest: dict[tuple[Period, int], datetime] = {}
    for group, day, at in rows.order_by().values_list("scope_id", "period_start", "restated_at"):
        for period, first in firsts.items():
            if at and first <= day <= period.last:
                latest[period, group] = max(at, latest.get((period, group), at))
    return latest


def _rows(table: Table, keys: Sequence[str], periods: Iterable[Period]) -> QuerySet[Any]:
    starts = defaultdict(list)
    for period in periods:
        starts[period.kind].append(period.first)
    of_kinds = (Q(period_kind=kind, period_start__in=some) for kind, some in starts.items())
    rows: QuerySet[Any] = QuerySet(table.model).filter(reduce(or_, of_kinds), kpi__in=keys)
    if len(starts) == 1:
        return rows
    # an index cannot answer the alternatives, but this
    return rows.filter(period_kind__in=[*starts], period_start__in={*chain(*starts.values())})


def _cells(scope: Scope) -> Q:
    if scope.module_id is not None:
        return Q(scope="module", scope_id=scope.module_id)
    if scope.run_id is not None:
        return Q(scope="run", scope_id=scope.run_id)
    if scope.course_ids is not None:
        return Q(scope="course", scope_id__in=scope.course_ids)
    # with the id, the unique index leads to each figure
    return Q(scope="site", scope_id=0)


def _combined(
    indicator: Indicator,
    scope: Scope,
    period: Period,
    rows: Sequence[StoredFigure],
) -> FoundSums:
    if len(rows) == 1:
        return found_in(rows[0])
    sums = combine_parts(indicator, period, scope, [row.sums for row in rows])
    restated = [row.restated_at for row in rows if row.restated_at]
    return FoundSums(
        sums,
        max((row.computed_at for row in rows), default=None),
        max(restated, default=None),
    )


def found_in(row: StoredFigure) -> FoundSums:
    return FoundSums(row.sums, row.computed_at, row.restated_at)
