"""Store recomputed sums: only those that changed, keeping the old ones of closed periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from core import reporting_clock
from core.database import bulk_upsert
from kpis.definitions.periods import Period, local_day
from kpis.definitions.registry import Indicator
from kpis.models import CompositeMeasurement, Measurement, RecomputeRun, Restatement
from kpis.recompute.same_sums import have_same_value
from kpis.recompute.stored_rows import Key, StoredRow, Table, table_of
from kpis.signals import measurements_changed
from kpis.statistics.intervals import Sums

PLACE = ("kpi", "scope", "scope_id", "course_id", "period_kind", "period_start")
TIMES = ("definition_version", "computed_at", "restated_at")
# the time of the last restatement stays, unless there is a new one
KEPT = "{c} = COALESCE(excluded.{c}, {t}.{c})"
RESTATED = ("measurement_id", *Restatement.SUMS, "computed_at", "restated_at")


# periods with the courses in which figures changed; None for the site
Places = dict[Period, set[int | None]]
Runs = dict[Period, set[int]]


@dataclass(slots=True, unsafe_hash=True)
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
        return self.scope, self.scope_id, self.period.kind, self.period.first


@dataclass(slots=True, unsafe_hash=True)
class Change:
    """A cell that differs from its stored row; `row` is None if none is stored."""

    cell: Cell
    row: StoredRow | None


def store(changed: Sequence[tuple[Indicator, Sequence[Change]]], now: datetime) -> None:
    """Store the changes of KPIs, in a transaction, and send `measurements_changed` for them.

    The old sums of closed periods are kept.
    """
    changed = [(indicator, changes) for indicator, changes in changed if changes]
    if not changed:
        return
    # a composite has no sums of its own that could be restated
    restated = keep_restated(
        (one for indicator, changes in changed if not indicator.parts for one in changes), now
    )
    rows: dict[Table, list[tuple[Any, ...]]] = defaultdict(list)
    for indicator, changes in changed:
        table = table_of(indicator)
        rows[table] += [
            _row(indicator, table, one, now if one.row in restated else None, now)
            for one in changes
        ]
    for table, some in rows.items():
        bulk_upsert.upsert(
            table.model,
            (*PLACE, *table.model.SUMS, *TIMES),
            some,
            conflict=Measurement.KEY,
            merge=merge_of(table.model),
        )
    places = [(indicator, places_of(changes)) for indicator, changes in changed]
    measurements_changed.send(Measurement, changed=places, now=now)


def places_of(changes: Iterable[Change]) -> Places:
    found: Places = defaultdict(set)
    for one in changes:
        found[one.cell.period].add(one.cell.course_id)
    return found


def runs_of(changes: Iterable[Change]) -> Runs:
    found: Runs = defaultdict(set)
    for one in changes:
        if one.cell.scope == Measurement.Scope.RUN:
            found[one.cell.period].add(one.cell.scope_id)
    return found


def merge_of(model: type[Measurement | CompositeMeasurement]) -> dict[str, str]:
    """Return how the columns of a row that exists become those of a changed figure."""
    return {**dict.fromkeys((*model.SUMS, *TIMES), "replace"), "restated_at": KEPT}


def keep_restated(changes: Iterable[Change], now: datetime) -> set[StoredRow]:
    """Keep the old sums of closed periods whose value changes; return their rows."""
    restated = _restated(changes, now)
    bulk_upsert.insert(
        Restatement,
        RESTATED,
        (
            (row.pk, *row.columns, row.computed_at, now)
            for row in restated
            if _is_first_of_day(row, now)
        ),
    )
    return restated


def _restated(changes: Iterable[Change], now: datetime) -> set[StoredRow]:
    """Return the rows whose value changes after their period was closed and fully computed."""

    @cache
    def end_if_closed(period: Period) -> datetime | None:
        is_closed = period.is_closed(now, reporting_clock.close_lag())
        return period.whole_end if is_closed else None

    ends = ((one.row, one.cell, end_if_closed(one.cell.period)) for one in changes if one.row)
    closed = [(row, cell, end) for row, cell, end in ends if end]
    run = RecomputeRun.objects.filter(as_of__lte=now).first() if closed else None
    return {
        row
        for row, cell, end in closed
        if (row.columns[0] != cell.sums.n or not have_same_value(row.sums, cell.sums))
        and ((run and run.as_of >= end) or row.computed_at >= end)
    }


def _is_first_of_day(row: StoredRow, now: datetime) -> bool:
    """True if the row has not been restated yet on this day.

    One restatement a day is kept, with the value from before the day: when history is imported
    after its months have closed, each value changes many times on the way to its final one.
    """
    zone = reporting_clock.reporting_zone()
    return row.restated_at is None or local_day(row.restated_at, zone) != local_day(now, zone)


def _row(
    indicator: Indicator, table: Table, change: Change, restated_at: datetime | None, now: datetime
) -> tuple[object, ...]:
    cell = change.cell
    return (
        indicator.key,
        cell.scope,
        cell.scope_id,
        cell.course_id,
        cell.period.kind,
        cell.period.first,
        *table.columns_of(cell.sums),
        indicator.version,
        now,
        restated_at,
    )
