"""Store recomputed sums: only those that changed, keeping the old ones of closed periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from math import isclose

from django.db import transaction
from django.db.models import Q

from core import reporting_clock
from core.database import bulk_upsert
from kpis.definitions.aggregates import Scope, combine_parts
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Indicator
from kpis.models import Measurement, RecomputeRun, Restatement
from kpis.signals import measurements_changed
from kpis.statistics.intervals import Sums

COLUMNS = (
    "kpi",
    "scope",
    "scope_id",
    "course_id",
    "period_kind",
    "period_start",
    "n",
    "total",
    "weight",
    "squares",
    "learners",
    "definition_version",
    "computed_at",
    "restated_at",
)
MERGED = COLUMNS[6:]
Key = tuple[str, int, date]


@dataclass(frozen=True)
class Cell:
    """The sums of one scope in one period, with the ids of its learners if they are known."""

    period: Period
    scope: str
    scope_id: int
    course_id: int | None
    sums: Sums
    learners: AbstractSet[int] | None = None

    @property
    def key(self) -> Key:
        return self.scope, self.scope_id, self.period.first


@dataclass(frozen=True)
class Change:
    """A cell that differs from its stored row; `row` is None if none is stored."""

    cell: Cell
    row: Measurement | None


def compare(
    indicator: Indicator, cells: Sequence[Cell], now: datetime, *, is_complete: bool = False
) -> list[Change]:
    """Return the cells (of one period kind) that differ from their stored rows.

    A stored cell of a computed course that has no facts any more becomes an empty cell. The site's
    cell is the sum of all courses' cells unless it is among `cells`; it is compared if a course
    differs or if `is_complete`: the cells cover every course.
    """
    if not cells:
        return []
    periods = {cell.period.first: cell.period for cell in cells}
    stored = _stored_rows(indicator, periods.values(), cells)
    cells = [*cells, *_emptied(cells, stored, periods)]
    changes = _differing(cells, stored)
    if indicator.is_additive and (changes or is_complete):
        changes += _differing(_site_cells(indicator, periods, cells, stored, now), stored)
    return changes


def compare_courses(indicator: Indicator, cells: Sequence[Cell]) -> list[Change]:
    """Return the cells of courses (of one period kind) that differ from their stored rows.

    As in `compare`, but the site is left as it is.
    """
    if not cells:
        return []
    periods = {cell.period.first: cell.period for cell in cells}
    stored = _rows_where(_in_courses_of(cells), indicator, periods.values())
    return _differing([*cells, *_emptied(cells, stored, periods)], stored)


def compare_site(
    indicator: Indicator,
    periods: Sequence[Period],
    cells: Sequence[Cell],
    stored: dict[Key, Measurement],
    now: datetime,
) -> list[Change]:
    """Return the site's cells that differ from their stored rows, in periods of one kind.

    They are the sums of the courses' stored rows or, for a KPI that is not additive, `cells`.
    """
    if indicator.is_additive:
        by_start = {period.first: period for period in periods}
        cells = _site_cells(indicator, by_start, [], stored, now)
    return _differing(cells, stored)


def rows_of_site(
    indicators: Iterable[Indicator], periods: Sequence[Period]
) -> dict[str, dict[Key, Measurement]]:
    """Return by KPI the stored rows of the site, and those of courses that it is the sum of."""
    found: dict[str, dict[Key, Measurement]] = defaultdict(dict)
    rows = Measurement.objects.filter(
        IN_SITE_SUM,
        kpi__in=[one.key for one in indicators],
        period_kind=periods[0].kind,
        period_start__in=[period.first for period in periods],
    ).order_by()
    for row in rows:
        found[row.kpi][row.scope, row.scope_id, row.period_start] = row
    return found


def _stored_rows(
    indicator: Indicator, periods: Iterable[Period], cells: Sequence[Cell]
) -> dict[Key, Measurement]:
    """Return all rows of the cells' courses, and the rows that the site's sum is made of."""
    return _rows_where(_in_courses_of(cells) | IN_SITE_SUM, indicator, periods)


IN_SITE_SUM = Q(scope__in=(Measurement.Scope.SITE, Measurement.Scope.COURSE))


def _in_courses_of(cells: Iterable[Cell]) -> Q:
    return Q(course__in={cell.course_id for cell in cells})


def _rows_where(
    condition: Q, indicator: Indicator, periods: Iterable[Period]
) -> dict[Key, Measurement]:
    periods = list(periods)
    rows = Measurement.objects.filter(
        condition,
        kpi=indicator.key,
        period_kind=periods[0].kind,
        period_start__in=[period.first for period in periods],
    ).order_by()
    return {(row.scope, row.scope_id, row.period_start): row for row in rows}


def _emptied(
    cells: Sequence[Cell], stored: dict[Key, Measurement], periods: dict[date, Period]
) -> list[Cell]:
    """Return an empty cell for each stored row of the computed courses that has no cell."""
    computed = {(cell.course_id, cell.period.first) for cell in cells}
    keys = {cell.key for cell in cells}
    return [
        Cell(periods[row.period_start], row.scope, row.scope_id, row.course_id, Sums())
        for key, row in stored.items()
        if key not in keys and (row.course_id, row.period_start) in computed
    ]


def _site_cells(
    indicator: Indicator,
    periods: dict[date, Period],
    cells: Sequence[Cell],
    stored: dict[Key, Measurement],
    now: datetime,
) -> list[Cell]:
    """Sum up the courses; the learners of courses that were not computed now are not known."""
    learners = {cell.key: cell.learners for cell in cells}
    sums = {key: sums_of(row) for key, row in stored.items()}
    sums |= {cell.key: cell.sums for cell in cells}
    of_courses: dict[date, list[Key]] = {first: [] for first in periods}
    for key in sums:
        if key[0] == Measurement.Scope.COURSE and sums[key].n:
            of_courses[key[2]].append(key)
    found = []
    for first, period in periods.items():
        keys = of_courses[first]
        known = [one for one in (learners.get(key) for key in keys) if one is not None]
        everybody = frozenset[int]().union(*known) if len(known) == len(keys) else None
        parts = [sums[key] for key in keys]
        total = combine_parts(
            indicator.aggregate, period.as_of(now), Scope(), parts, learners=everybody
        )
        found.append(Cell(period, Measurement.Scope.SITE, 0, None, total))
    return found


def _differing(cells: Iterable[Cell], stored: Mapping[Key, Measurement]) -> list[Change]:
    changes = (Change(cell, stored.get(cell.key)) for cell in cells)
    return [change for change in changes if _differs(change.cell, change.row)]


@transaction.atomic
def store(changed: Sequence[tuple[Indicator, Sequence[Change]]], now: datetime) -> None:
    """Store the changes of KPIs and send `measurements_changed` for each of them.

    The old sums of closed periods are kept.
    """
    changed = [(indicator, changes) for indicator, changes in changed if changes]
    if not changed:
        return
    restated = _restated_of([changes for _, changes in changed], now)
    Restatement.objects.bulk_create(
        _restatement(row, now)
        for rows in restated
        for row in rows.values()
        if _is_first_of_day(row, now)
    )
    bulk_upsert.upsert(
        Measurement,
        COLUMNS,
        [
            _row(indicator, change, change.cell.key in rows, now)
            for (indicator, changes), rows in zip(changed, restated, strict=True)
            for change in changes
        ],
        conflict=Measurement.KEY,
        merge=dict.fromkeys(MERGED, "replace"),
    )
    for indicator, changes in changed:
        cells = [change.cell for change in changes]
        measurements_changed.send(Measurement, indicator=indicator, cells=cells, now=now)


def _restated_of(
    changes_of: Sequence[Sequence[Change]], now: datetime
) -> list[dict[Key, Measurement]]:
    """Return by KPI the rows that change after their period was closed and fully computed."""
    closed = [
        [
            (change.cell, change.row)
            for change in changes
            if change.row and change.cell.period.is_closed(now, reporting_clock.close_lag())
        ]
        for changes in changes_of
    ]
    run = RecomputeRun.objects.filter(as_of__lte=now).first() if any(closed) else None
    return [
        {
            cell.key: row
            for cell, row in rows
            if max(row.computed_at, run.as_of if run else row.computed_at) >= cell.period.whole_end
        }
        for rows in closed
    ]


def _differs(cell: Cell, row: Measurement | None) -> bool:
    if row is None:
        return cell.sums.n > 0
    return not same(sums_of(row), cell.sums)


def same(one: Sums, other: Sums) -> bool:
    """True if they differ at most by the rounding of fractions added in another order."""
    return (one.n, one.learners, one.squares is None) == (
        other.n,
        other.learners,
        other.squares is None,
    ) and all(
        isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
        for a, b in (
            (one.total, other.total),
            (one.weight, other.weight),
            (one.squares or 0.0, other.squares or 0.0),
        )
    )


def _is_first_of_day(row: Measurement, now: datetime) -> bool:
    """True if the row has not been restated yet on this day.

    One restatement a day is kept, with the value from before the day: when history is imported
    after its months have closed, each value changes many times on the way to its final one.
    """
    zone = reporting_clock.reporting_zone()
    return row.restated_at is None or local_day(row.restated_at, zone) != local_day(now, zone)


def _restatement(row: Measurement, now: datetime) -> Restatement:
    sums = sums_of(row)
    return Restatement(
        measurement=row,
        n=sums.n,
        total=sums.total,
        weight=sums.weight,
        squares=sums.squares,
        learners=sums.learners,
        computed_at=row.computed_at,
        restated_at=now,
    )


def _row(
    indicator: Indicator, change: Change, is_restated: bool, now: datetime
) -> tuple[object, ...]:
    cell, sums = change.cell, change.cell.sums
    restated_at = now if is_restated else change.row and change.row.restated_at
    return (
        indicator.key,
        cell.scope,
        cell.scope_id,
        cell.course_id,
        cell.period.kind,
        cell.period.first,
        sums.n,
        sums.total,
        sums.weight,
        sums.squares,
        sums.learners,
        indicator.version,
        now,
        restated_at,
    )


def sums_of(row: Measurement | Restatement) -> Sums:
    return Sums(row.n, row.total, row.weight, row.squares, row.learners)
