"""Store recomputed sums: only those that changed, keeping the old ones of closed periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from math import isclose
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from core import reporting_clock
from core.database import bulk_upsert
from kpis.aggregation.grouped_sums import combine_parts
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.models import (
    CompositeMeasurement,
    Measurement,
    RecomputeRun,
    Restatement,
    columns_of,
    composite_columns_of,
    composite_sums_from,
    sums_from,
)
from kpis.signals import measurements_changed
from kpis.statistics.intervals import Spread, Sums

PLACE = ("kpi", "scope", "scope_id", "course_id", "period_kind", "period_start")
TIMES = ("definition_version", "computed_at", "restated_at")


@dataclass(frozen=True)
class Table:
    """Where the cells of a KPI are stored, and what their columns mean."""

    model: type[Measurement | CompositeMeasurement]
    sums_from: Callable[..., Sums]
    columns_of: Callable[[Sums], tuple[Any, ...]]

    @property
    def updated(self) -> tuple[str, ...]:
        return (*self.model.SUMS, *TIMES)


MEASUREMENTS = Table(Measurement, sums_from, columns_of)
COMPOSITES = Table(CompositeMeasurement, composite_sums_from, composite_columns_of)


def table_of(indicator: Indicator) -> Table:
    return COMPOSITES if indicator.parts else MEASUREMENTS


Key = tuple[str, int, date]


@dataclass(frozen=True)
class Cell:
    """The sums of one scope in one period, with the ids of its people if they are known."""

    period: Period
    scope: str
    scope_id: int
    course_id: int | None
    sums: Sums
    people: AbstractSet[int] | None = None

    @property
    def key(self) -> Key:
        return self.scope, self.scope_id, self.period.first


class StoredRow(NamedTuple):
    """A stored measurement, without what is known of all rows; model instances take longer."""

    pk: int
    scope: str
    scope_id: int
    course_id: int | None
    period_start: date
    definition_version: int
    computed_at: datetime
    restated_at: datetime | None
    sums: Sums

    @property
    def key(self) -> Key:
        return self.scope, self.scope_id, self.period_start


READ = tuple(name for name in StoredRow._fields if name != "sums")


@dataclass(frozen=True)
class Change:
    """A cell that differs from its stored row; `row` is None if none is stored."""

    cell: Cell
    row: StoredRow | None


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
    changes = _differing(indicator, cells, stored)
    if indicator.is_additive and (changes or is_complete):
        site = _site_cells(indicator, periods, cells, stored, now)
        changes += _differing(indicator, site, stored)
    return changes


def compare_courses(indicator: Indicator, cells: Sequence[Cell]) -> list[Change]:
    """Return the cells of courses (of one period kind) that differ from their stored rows.

    As in `compare`, but the site is left as it is.
    """
    if not cells:
        return []
    periods = {cell.period.first: cell.period for cell in cells}
    stored = _rows_where(_in_courses_of(cells), indicator, periods.values())
    return _differing(indicator, [*cells, *_emptied(cells, stored, periods)], stored)


def compare_site(
    indicator: Indicator,
    periods: Sequence[Period],
    cells: Sequence[Cell],
    stored: dict[Key, StoredRow],
    now: datetime,
) -> list[Change]:
    """Return the site's cells that differ from their stored rows, in periods of one kind.

    They are the sums of the courses' stored rows or, for a KPI that is not additive, `cells`.
    """
    if indicator.is_additive:
        by_start = {period.first: period for period in periods}
        cells = _site_cells(indicator, by_start, [], stored, now)
    return _differing(indicator, cells, stored)


def rows_of_site(
    indicators: Iterable[Indicator], periods: Sequence[Period]
) -> dict[str, dict[Key, StoredRow]]:
    """Return by KPI the stored rows of the site, and those of courses that it is the sum of."""
    found: dict[str, dict[Key, StoredRow]] = defaultdict(dict)
    for table, keys in by_table(indicators).items():
        for kpi, row in _read(table, IN_SITE_SUM, keys, periods):
            found[kpi][row.key] = row
    return found


def by_table(indicators: Iterable[Indicator]) -> dict[Table, list[str]]:
    """Return the keys of KPIs by the table in which they are stored."""
    found: dict[Table, list[str]] = defaultdict(list)
    for one in indicators:
        found[table_of(one)].append(one.key)
    return found


def _stored_rows(
    indicator: Indicator, periods: Iterable[Period], cells: Sequence[Cell]
) -> dict[Key, StoredRow]:
    """Return all rows of the cells' courses, and the rows that the site's sum is made of."""
    return _rows_where(_in_courses_of(cells) | IN_SITE_SUM, indicator, periods)


IN_SITE_SUM = Q(scope__in=(Measurement.Scope.SITE, Measurement.Scope.COURSE))


def _in_courses_of(cells: Iterable[Cell]) -> Q:
    return Q(course__in={cell.course_id for cell in cells})


def _rows_where(
    condition: Q, indicator: Indicator, periods: Iterable[Period]
) -> dict[Key, StoredRow]:
    rows = _read(table_of(indicator), condition, [indicator.key], list(periods))
    return {row.key: row for _, row in rows}


def _read(
    table: Table, condition: Q, kpis: Sequence[str], periods: Sequence[Period]
) -> Iterator[tuple[str, StoredRow]]:
    rows: QuerySet[Any] = QuerySet(table.model).filter(
        condition,
        kpi__in=kpis,
        period_kind=periods[0].kind,
        period_start__in=[period.first for period in periods],
    )
    columns = rows.order_by().values_list("kpi", *READ, *table.model.SUMS)
    for kpi, *row in columns:
        yield kpi, StoredRow._make((*row[: len(READ)], table.sums_from(*row[len(READ) :])))


def _emptied(
    cells: Sequence[Cell], stored: dict[Key, StoredRow], periods: dict[date, Period]
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
    stored: dict[Key, StoredRow],
    now: datetime,
) -> list[Cell]:
    """Sum up the courses; the people of courses that were not computed now are not known.

    People in several courses are taken for independent ones; only their number is exact.
    """
    people = {cell.key: cell.people for cell in cells}
    sums = {key: row.sums for key, row in stored.items()}
    sums |= {cell.key: cell.sums for cell in cells}
    of_courses: dict[date, list[Key]] = {first: [] for first in periods}
    for key in sums:
        if key[0] == Measurement.Scope.COURSE and sums[key].n:
            of_courses[key[2]].append(key)
    found = []
    for first, period in periods.items():
        keys = of_courses[first]
        known = [one for one in (people.get(key) for key in keys) if one is not None]
        everybody = frozenset[int]().union(*known) if len(known) == len(keys) else None
        parts = [sums[key] for key in keys]
        total = combine_parts(indicator, period.as_of(now), Scope(), parts, people=everybody)
        found.append(Cell(period, Measurement.Scope.SITE, 0, None, total))
    return found


def _differing(
    indicator: Indicator, cells: Iterable[Cell], stored: Mapping[Key, StoredRow]
) -> list[Change]:
    changes = (Change(cell, stored.get(cell.key)) for cell in cells)
    return [change for change in changes if _differs(indicator, change.cell, change.row)]


@transaction.atomic
def store(changed: Sequence[tuple[Indicator, Sequence[Change]]], now: datetime) -> None:
    """Store the changes of KPIs and send `measurements_changed` for each of them.

    The old sums of closed periods are kept.
    """
    changed = [(indicator, changes) for indicator, changes in changed if changes]
    if not changed:
        return
    # a composite has no sums of its own that could be restated
    restated = _restated_of([() if one.parts else changes for one, changes in changed], now)
    Restatement.objects.bulk_create(
        _restatement(row, now)
        for rows in restated
        for row in rows.values()
        if _is_first_of_day(row, now)
    )
    rows: dict[Table, list[tuple[Any, ...]]] = defaultdict(list)
    for (indicator, changes), keys in zip(changed, restated, strict=True):
        rows[table_of(indicator)] += [
            _row(indicator, change, change.cell.key in keys, now) for change in changes
        ]
    for table, some in rows.items():
        bulk_upsert.upsert(
            table.model,
            (*PLACE, *table.updated),
            some,
            conflict=Measurement.KEY,
            merge=dict.fromkeys(table.updated, "replace"),
        )
    for indicator, changes in changed:
        cells = [change.cell for change in changes]
        measurements_changed.send(Measurement, indicator=indicator, cells=cells, now=now)


def _restated_of(
    changes_of: Sequence[Sequence[Change]], now: datetime
) -> list[dict[Key, StoredRow]]:
    """Return by KPI the rows that change after their period was closed and fully computed."""
    closed = [
        [
            (change.cell, change.row)
            for change in changes
            if change.row
            and change.cell.period.is_closed(now, reporting_clock.close_lag())
            and not have_same_value(change.row.sums, change.cell.sums)
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


def _differs(indicator: Indicator, cell: Cell, row: StoredRow | None) -> bool:
    if row is None:
        return cell.sums.n > 0
    return row.definition_version != indicator.version or not same(row.sums, cell.sums)


def same(one: Sums, other: Sums) -> bool:
    """True if they differ at most by the rounding of fractions added in another order."""
    if not have_same_value(one, other) or bool(one.spread) != bool(other.spread):
        return False
    if len(one.crosses) != len(other.crosses) or not all(
        _are_close(a.row, b.row) for a, b in zip(one.crosses, other.crosses, strict=True)
    ):
        return False
    a, b = one.spread or Spread(), other.spread or Spread()
    return a.units == b.units and _are_close((a.yy, a.xx, a.xy), (b.yy, b.xx, b.xy))


def have_same_value(one: Sums, other: Sums) -> bool:
    """True if they differ at most in their spread, from which only the interval follows."""
    return (one.n, one.learners) == (other.n, other.learners) and _are_close(
        (one.total, one.weight), (other.total, other.weight)
    )


def _are_close(some: Sequence[float], others: Sequence[float]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(a == b or isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in pairs)


def _is_first_of_day(row: StoredRow, now: datetime) -> bool:
    """True if the row has not been restated yet on this day.

    One restatement a day is kept, with the value from before the day: when history is imported
    after its months have closed, each value changes many times on the way to its final one.
    """
    zone = reporting_clock.reporting_zone()
    return row.restated_at is None or local_day(row.restated_at, zone) != local_day(now, zone)


def _restatement(row: StoredRow, now: datetime) -> Restatement:
    return Restatement(
        measurement_id=row.pk,
        **dict(zip(Restatement.SUMS, columns_of(row.sums), strict=True)),
        computed_at=row.computed_at,
        restated_at=now,
    )


def _row(
    indicator: Indicator, change: Change, is_restated: bool, now: datetime
) -> tuple[object, ...]:
    cell = change.cell
    restated_at = now if is_restated else change.row and change.row.restated_at
    return (
        indicator.key,
        cell.scope,
        cell.scope_id,
        cell.course_id,
        cell.period.kind,
        cell.period.first,
        *table_of(indicator).columns_of(cell.sums),
        indicator.version,
        now,
        restated_at,
    )
