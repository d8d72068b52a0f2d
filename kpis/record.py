"""Write measured sums: only what changed, and what a closed period said before is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isclose

from django.db import transaction

from curriculum import bulk
from kpis import clock
from kpis.alerts import unjudged
from kpis.models import Measurement, MeasureRun, Restatement
from kpis.periods import Period, local_day
from kpis.registry import Indicator
from kpis.stats import Sums
from kpis.tally import Scope
from kpis.wholes import whole

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
    """The sums of one scope in one period, and the ids of the learners where they are known."""

    period: Period
    scope: str
    scope_id: int
    course_id: int | None
    sums: Sums
    learners: AbstractSet[int] | None = None

    @property
    def key(self) -> Key:
        return self.scope, self.scope_id, self.period.first


@transaction.atomic
def record(indicator: Indicator, cells: Sequence[Cell], now: datetime) -> int:
    """Write the cells (of one period kind) that differ from what stands; returns how many.

    A cell of a measured course that had rows and has none now is written as empty. The site's
    cell is the sum of its courses', unless it is among the cells.
    """
    if not cells:
        return 0
    periods = {cell.period.first: cell.period for cell in cells}
    there = _there(indicator, periods.values(), cells)
    cells = [*cells, *_emptied(cells, there, periods)]
    written = _write(indicator, cells, there, now)
    if written and indicator.is_additive:
        site = _sites(indicator, periods, cells, there, now)
        written += _write(indicator, site, there, now)
    return written


def _there(
    indicator: Indicator, periods: Iterable[Period], cells: Sequence[Cell]
) -> dict[Key, Measurement]:
    rows = Measurement.objects.filter(
        kpi=indicator.key,
        period_kind=cells[0].period.kind,
        period_start__in=[period.first for period in periods],
    )
    return {(row.scope, row.scope_id, row.period_start): row for row in rows}


def _emptied(
    cells: Sequence[Cell], there: dict[Key, Measurement], periods: dict[date, Period]
) -> list[Cell]:
    measured = {(cell.course_id, cell.period.first) for cell in cells}
    keys = {cell.key for cell in cells}
    return [
        Cell(periods[row.period_start], row.scope, row.scope_id, row.course_id, Sums())
        for key, row in there.items()
        if key not in keys and (row.course_id, row.period_start) in measured
    ]


def _sites(
    indicator: Indicator,
    periods: dict[date, Period],
    cells: Sequence[Cell],
    there: dict[Key, Measurement],
    now: datetime,
) -> list[Cell]:
    """The sum of the courses; of those that were not measured now, the learners are not known."""
    learners = {cell.key: cell.learners for cell in cells}
    sums = {key: sums_of(row) for key, row in there.items()}
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
        total = whole(indicator, period.as_of(now), Scope(), parts, learners=everybody)
        found.append(Cell(period, Measurement.Scope.SITE, 0, None, total))
    return found


def _write(
    indicator: Indicator, cells: Sequence[Cell], there: dict[Key, Measurement], now: datetime
) -> int:
    changed = [cell for cell in cells if _differs(cell, there.get(cell.key))]
    restated = _restated(changed, there, now)
    kept = [_kept(row, now) for row in restated.values() if _is_days_first(row, now)]
    Restatement.objects.bulk_create(kept)
    rows = [_row(indicator, cell, there, restated, now) for cell in changed]
    bulk.upsert(
        Measurement,
        COLUMNS,
        rows,
        conflict=Measurement.KEY,
        merge=dict.fromkeys(MERGED, "replace"),
    )
    unjudged.mark(indicator.key, _to_judge(indicator, changed, now))
    return len(rows)


def _to_judge(
    indicator: Indicator, changed: Iterable[Cell], now: datetime
) -> set[tuple[str, int | None]]:
    """Kind and course of what is closed, or will be before a slow measuring has ended."""
    soon = now + timedelta(seconds=clock.LONGEST_WRITE_SECONDS)
    closed = [one for one in changed if one.period.is_closed(soon, clock.close_lag())]
    courses = {(one.period.kind, one.course_id) for one in closed if one.course_id is not None}
    if courses or indicator.is_additive:
        # the site changes only where a course does
        return {*courses}
    return {(one.period.kind, None) for one in closed}


def _restated(
    changed: Iterable[Cell], there: dict[Key, Measurement], now: datetime
) -> dict[Key, Measurement]:
    """The rows that change after their period was closed and had been measured to its end."""
    closed = [cell for cell in changed if cell.period.is_closed(now, clock.close_lag())]
    rows = {cell.key: (cell, there[cell.key]) for cell in closed if cell.key in there}
    if not rows:
        return {}
    run = MeasureRun.objects.filter(as_of__lte=now).first()
    return {
        key: row
        for key, (cell, row) in rows.items()
        if max(row.computed_at, run.as_of if run else row.computed_at) >= cell.period.whole_end
    }


def _differs(cell: Cell, row: Measurement | None) -> bool:
    if row is None:
        return cell.sums.n > 0
    return not same(sums_of(row), cell.sums)


def same(one: Sums, other: Sums) -> bool:
    """True when nothing but the order in which a database added fractions can differ."""
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


def _is_days_first(row: Measurement, now: datetime) -> bool:
    """True where the row was not restated before on this day.

    What is kept is what stood when the day began, not each step on the way to what stands at its
    end: history that comes in after its months have closed changes each value many times.
    """
    zone = clock.zone()
    return row.restated_at is None or local_day(row.restated_at, zone) != local_day(now, zone)


def _kept(row: Measurement, now: datetime) -> Restatement:
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
    indicator: Indicator,
    cell: Cell,
    there: dict[Key, Measurement],
    restated: dict[Key, Measurement],
    now: datetime,
) -> tuple[object, ...]:
    row = there.get(cell.key)
    restated_at = now if cell.key in restated else row and row.restated_at
    sums = cell.sums
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
