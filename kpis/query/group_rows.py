"""Read the stored rows of all courses and modules for many KPIs, as columns."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.database.queries import select
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import Scope
from kpis.recompute.stored_rows import COMPOSITES, MEASUREMENTS, Table
from kpis.statistics.columns import Mask

Ids = NDArray[np.int64]
SUMS = ("n", "total", "weight", "units", "yy", "xx", "xy")
# the KPI, the dimension and the period
Key = tuple[str, str, Period]


@dataclass(frozen=True)
class Rows:
    """The stored rows of one key, by rising id of the group.

    `data` has a row for each, with the columns SUMS or four numbers for each pair of components.
    """

    ids: Ids
    courses: Ids
    pks: Ids
    data: NDArray[np.float64]

    @classmethod
    def of(cls, ids: Sequence[Sequence[int]], data: Any, width: int) -> Rows:
        named = np.array(ids, np.int64).reshape(-1, 3)
        order = np.argsort(named[:, 0])
        numbers = np.array(data, np.float64).reshape(len(named), width)
        rising, courses, pks = named[order].T
        return cls(rising, courses, pks, numbers[order])

    def taken(self, ids: Ids) -> NDArray[np.float64]:
        """Return the data of these groups, which rise; NaN for those without a row."""
        found = np.full((len(ids), self.data.shape[1]), np.nan)
        at, is_there = where(ids, self.ids)
        found[at[is_there]] = self.data[is_there]
        return found


def where(ids: Ids, wanted: Ids) -> tuple[NDArray[np.intp], Mask]:
    """Return the place of each wanted id among rising ids, and whether it is there at all."""
    if not len(ids):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return at, ids[at] == wanted


def read(indicators: Collection[Indicator], scope: Scope, period: Period) -> dict[Key, Rows]:
    """Return rows by course in the period and the one before, and by module in the period.

    One statement reads the measured KPIs, and one how the components of composites vary together.
    """
    measured = {key for one in indicators for key in one.measured_keys}
    composites = {one.key: 4 * len(one.pairs) for one in indicators if one.parts}
    found = {
        key: Rows.of([row[3:6] for row in rows], [row[6:] for row in rows], len(SUMS))
        for key, rows in _read(MEASUREMENTS, sorted(measured), SUMS, scope, period).items()
    }
    crosses = _read(COMPOSITES, sorted(composites), ("crosses",), scope, period)
    for key, rows in crosses.items():
        numbers = json.loads(f"[{','.join(_text(row[6]) for row in rows)}]")
        found[key] = Rows.of([row[3:6] for row in rows], numbers, composites[key[0]])
    return found


def _text(crosses: Any) -> str:
    """PostgreSQL has parsed what SQLite returns as text."""
    return crosses if isinstance(crosses, str) else json.dumps(crosses)


def _read(
    table: Table, keys: Sequence[str], names: Sequence[str], scope: Scope, period: Period
) -> dict[Key, list[tuple[Any, ...]]]:
    """Return rows that begin with the KPI, the dimension, whether the period is the current one,
    and the three ids."""
    if not keys:
        return {}
    first, before = period.first.isoformat(), period.previous.first.isoformat()
    courses = () if scope.course_ids is None else (scope.course_ids,)
    # safe: only names of our own models
    sql = f"""
        SELECT kpi, scope, period_start = %s, scope_id, course_id, id, {", ".join(names)}
        FROM {table.model._meta.db_table}
        WHERE kpi IN %s AND period_kind = %s AND period_start IN (%s, %s) AND n > 0
        AND scope IN ('course', 'module') AND (scope = 'course' OR period_start = %s)
        {"AND course_id IN %s" if courses else ""}"""  # noqa: S608
    rows = select(sql, first, keys, period.kind, first, before, first, *courses)
    found = defaultdict(list)
    for row in rows:
        found[row[:3]].append(row)
    return {
        (kpi, by, period if is_now else period.previous): some
        for (kpi, by, is_now), some in found.items()
    }
