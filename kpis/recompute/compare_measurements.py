"""Compare recomputed cells with the stored rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kpis.definitions.registry import Indicator
from kpis.recompute.compute_cells import Wanted
from kpis.recompute.same_sums import same
from kpis.recompute.store_measurements import Cell, Change
from kpis.recompute.stored_rows import Key, StoredRow
from kpis.statistics.intervals import NOTHING, Sums


def differing(
    wanted: Wanted, cells: Iterable[Cell], stored: Mapping[Key, StoredRow]
) -> list[Change]:
    """Return the cells that differ from their stored rows.

    A stored cell of a computed course that has no facts any more becomes an empty cell.
    """
    indicator, left = wanted.indicator, dict(stored)
    pairs = ((cell, left.pop(cell.key, None)) for cell in cells)
    changes = [Change(cell, row) for cell, row in pairs if differs(indicator, cell.sums, row)]
    if left:
        periods = {
            (course, period.kind, period.first): period
            for period, courses in wanted.periods
            for course in courses
        }
        changes += [
            Change(Cell(period, row.scope, row.scope_id, row.course_id, NOTHING), row)
            for key, row in left.items()
            if (period := periods.get((row.course_id or 0, *key[2:])))
            and differs(indicator, NOTHING, row)
        ]
    return changes


def differs(indicator: Indicator, sums: Sums, row: StoredRow | None) -> bool:
    if row is None:
        return sums.n > 0
    if row.definition_version != indicator.version:
        return True
    stored, columns = row.columns, row.table.columns_of(sums)
    # most cells are the same to the last digit, or count another number of observations
    return stored != columns and (stored[0] != sums.n or not same(row.sums, sums))
