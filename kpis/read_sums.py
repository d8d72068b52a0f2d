"""Read sums: from stored measurements if there are any, otherwise from the facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Min, Q, QuerySet

from kpis.aggregation.grouped_sums import combine_parts, sums_by
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
    """Return the rows of a scope in periods (all of one kind) by KPI, in a statement per table."""
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
) -> dict[Period, FoundSums]:
    """Return the sums of a scope in each period (all of one kind).

    `stored_rows` are those that are stored, if they have been read already.
    """
    if not is_stored(indicator, scope, periods):
        return {period: from_facts(indicator, scope, period, now) for period in periods}
    if stored_rows is None:
        stored_rows = stored([indicator], scope, periods)[indicator.key]
    rows = defaultdict(list)
    for row in stored_rows:
        rows[row.period_start].append(row)
    return {
        period: _combined(indicator, scope, period.as_of(now), rows[period.first])
        for period in periods
    }


def groups(
    indicator: Indicator, scope: Scope, periods: Sequence[Period], by: str, now: datetime
) -> dict[Period, dict[int, FoundSums]]:
    """Return the sums of each course, run, module or learner by its id, per period."""
    if not _groups_are_stored(scope, periods, by):
        return {period: _groups_from_facts(indicator, scope, period, by, now) for period in periods}
    rows = _rows(table_of(indicator), [indicator.key], periods).filter(scope=by, n__gt=0)
    if scope.course_ids is not None:
        rows = rows.filter(course__in=scope.course_ids)
    found: dict[date, dict[int, FoundSums]] = defaultdict(dict)
    for row in rows:
        found[row.period_start][row.scope_id] = found_in(row)
    return {period: found[period.first] for period in periods}


def cells(
    indicator: Indicator,
    scope: Scope,
    periods: Sequence[Period],
    by: tuple[str, ...],
    now: datetime,
) -> dict[Period, dict[tuple[int, ...], FoundSums]]:
    """Return the sums of each group of one or more dimensions by its ids, per period."""
    if len(by) == 1:
        found = groups(indicator, scope, periods, by[0], now)
        return {one: {(key,): sums for key, sums in found[one].items()} for one in periods}
    return {period: _grouped(indicator, scope, period, by, now) for period in periods}


def _groups_are_stored(scope: Scope, periods: Sequence[Period], by: str) -> bool:
    is_whole = scope.run_id is None and scope.module_id is None
    months = all(period.kind == PeriodKind.MONTH for period in periods)
    is_stored = by in ("course", "run") or (by == "module" and months)
    return is_whole and is_stored and _are_stored(scope, periods)


def _groups_from_facts(
    indicator: Indicator, scope: Scope, period: Period, by: str, now: datetime
) -> dict[int, FoundSums]:
    grouped = _grouped(indicator, scope, period, (by,), now)
    restated = _restated(indicator, period, by, scope)
    return {
        group: replace(found, restated_at=restated.get(group))
        for (group,), found in grouped.items()
    }


def _grouped(
    indicator: Indicator, scope: Scope, period: Period, by: tuple[str, ...], now: datetime
) -> dict[tuple[int, ...], FoundSums]:
    if not indicator.is_computed or not period.has_begun(now):
        return {}
    grouped = sums_by(indicator, period.as_of(now), by, scope)
    return {
        key: FoundSums(sums, computed_at=now)
        for key, sums in grouped.items()
        if None not in key and sums.n
    }


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


def from_facts(indicator: Indicator, scope: Scope, period: Period, now: datetime) -> FoundSums:
    if not indicator.is_computed or not period.has_begun(now):
        return FoundSums()
    sums = sums_by(indicator, period.as_of(now), (), scope)[()]
    restated = _restated(indicator, period, _level(scope), scope)
    return FoundSums(sums, computed_at=now, restated_at=max(restated.values(), default=None))


def _level(scope: Scope) -> str:
    if scope.module_id is not None:
        return "module"
    if scope.run_id is not None:
        return "run"
    return "site" if scope.course_ids is None else "course"


def _restated(
    indicator: Indicator, period: Period, level: str, scope: Scope
) -> dict[int, datetime]:
    """Return when values within the period were last restated, by the id of the course, run, ….

    Modules are stored by month, everything else by day.
    """
    if level == "learner" or scope.learner_ids is not None:
        return {}
    kind = PeriodKind.MONTH if level == "module" else PeriodKind.DAY
    first = containing(period.first, kind, period.zone).first
    rows = Measurement.objects.filter(
        kpi=indicator.key,
        period_kind=kind,
        period_start__range=(first, period.last),
        scope=level,
        restated_at__isnull=False,
    )
    selected = {"module": scope.module_id, "run": scope.run_id}.get(level)
    if selected is not None:
        rows = rows.filter(scope_id=selected)
    if scope.course_ids is not None:
        rows = rows.filter(course__in=scope.course_ids)
    latest = rows.order_by().values("scope_id").annotate(at=Max("restated_at"))
    return dict(latest.values_list("scope_id", "at"))


def _rows(table: Table, keys: Sequence[str], periods: Iterable[Period]) -> QuerySet[Any]:
    periods = list(periods)
    rows: QuerySet[Any] = QuerySet(table.model)
    return rows.filter(
        kpi__in=keys,
        period_kind=periods[0].kind,
        period_start__in=[period.first for period in periods],
    )


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
