"""Compare columns of computed figures with those that are stored."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kpis.aggregation.people import Chosen, Whole, numbered
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.recompute.figure_columns import PER_PAIR, RUN, SCOPES, Figures, height_of, together
from kpis.recompute.store_measurements import Cell, Change
from kpis.recompute.stored_rows import StoredRow

NO_ROW = -1
CLOSE = 1e-9


@dataclass(frozen=True)
class Stored:
    """The stored figures of a KPI: as columns, and as the rows that the database returned."""

    figures: Figures
    version: Whole
    rows: Sequence[StoredRow]

    @classmethod
    def of(
        cls, indicator: Indicator, rows: Sequence[StoredRow], numbers: Mapping[Period, int]
    ) -> Stored:
        """Take rows in the periods of these numbers."""
        if not rows:
            return cls(together(indicator, ()), np.zeros(0, np.int64), rows)
        # a day comes back as it was given: on SQLite as text
        number: dict[tuple[str, Any], int] = {
            (one.kind, first): at
            for one, at in numbers.items()
            for first in (one.first, one.first.isoformat())
        }
        places = {scope: at for at, scope in enumerate(SCOPES)}
        _, _, scope, scope_id, course, kind, first, version, _, _, *sums = zip(
            *(one.row for one in rows), strict=True
        )
        n, learners, columns = _sums(indicator, sums)
        whole = (
            [number[one] for one in zip(kind, first, strict=True)],
            [places[one] for one in scope],
            scope_id,
            [one or 0 for one in course],
            n,
            learners,
        )
        all_columns: Any = (*(np.array(one, np.int64) for one in whole), columns)
        figures = Figures(*all_columns)
        return cls(figures, np.array(version, np.int64), rows)

    def at(self, which: Chosen) -> Stored:
        """Return the chosen rows, by a mask."""
        if which.all():
            return self
        rows = [self.rows[at] for at in np.flatnonzero(which).tolist()]
        return Stored(self.figures.at(which), self.version[which], rows)


def _sums(indicator: Indicator, columns: Sequence[Sequence[Any]]) -> tuple[Any, Any, Any]:
    """Return n, learners and the numbers of stored columns, in the order of `Figures`."""
    height = height_of(indicator)
    if not indicator.parts:
        n, total, weight, learners, *spread = columns
        numbers = np.array([total, weight, *spread][:height], np.float64)
        return n, learners, numbers
    n, learners, crosses = columns
    unknown = [np.nan] * height
    products = (
        [one for four in row for one in four] if len(row) * PER_PAIR == height else unknown
        for row in json.loads(f"[{','.join(crosses)}]")
    )
    return n, learners, np.array(list(products), np.float64).T


@dataclass(frozen=True)
class Changes:
    """The figures of a KPI that differ from what is stored.

    `row` is the place of each figure's stored row, or NO_ROW. `has_new_value` masks those that
    differ in more than their spread.
    """

    indicator: Indicator
    periods: Sequence[Period]
    figures: Figures
    row: Whole
    has_new_value: Chosen
    stored: Sequence[StoredRow]

    def __len__(self) -> int:
        return len(self.figures)

    @cached_property
    def places(self) -> dict[Period, set[int | None]]:
        """Return the courses in which figures differ by period; None for the site."""
        first, _ = numbered(self.figures.period, self.figures.course)
        found: dict[int, set[int | None]] = defaultdict(set)
        columns = (one[first].tolist() for one in (self.figures.period, self.figures.course))
        for period, course in zip(*columns, strict=True):
            found[period].add(course or None)
        return {self.periods[at]: courses for at, courses in found.items()}

    @cached_property
    def runs(self) -> dict[Period, set[int]]:
        """Return the runs in which figures differ by period."""
        found: dict[Period, set[int]] = defaultdict(set)
        of_runs = self.figures.at(self.figures.scope == RUN)
        for period, run in zip(of_runs.period.tolist(), of_runs.scope_id.tolist(), strict=True):
            found[self.periods[period]].add(run)
        return found

    def each(self, rows: Collection[int]) -> Iterator[Change]:
        """Yield some of them, by their places, as objects."""
        figures = self.figures
        for at in rows:
            cell = Cell(
                self.periods[figures.period[at]],
                SCOPES[figures.scope[at]],
                int(figures.scope_id[at]),
                int(figures.course[at]) or None,
                figures.sums_of(self.indicator, at),
            )
            row = int(self.row[at])
            yield Change(cell, None if row == NO_ROW else self.stored[row])


def changes_between(
    indicator: Indicator, computed: Figures, stored: Stored, periods: Sequence[Period]
) -> Changes:
    """Return the computed figures that differ, and empty ones for the stored that are no more."""
    row, is_left = _rows_of(computed, stored.figures)
    gone = stored.figures.at(is_left)
    none = np.zeros(len(gone), np.int64)
    numbers = np.full_like(gone.numbers, np.nan)
    if not indicator.parts:
        numbers[:2] = 0
    figures = together(indicator, [computed, replace(gone, n=none, learners=none, numbers=numbers)])
    row = np.concatenate([row, np.flatnonzero(is_left)])
    differs = row == NO_ROW
    has_new_value = np.zeros(len(row), bool)
    if len(stored.rows):
        is_stored = np.flatnonzero(~differs)
        one, other = figures.at(is_stored), stored.figures.at(row[is_stored])
        is_same = (one.n == other.n) & (one.learners == other.learners)
        # a composite has no value of its own
        value = 0 if indicator.parts else 2
        is_same &= _are_close(one.numbers[:value], other.numbers[:value])
        has_new_value[is_stored] = ~is_same
        is_same &= _are_close(one.numbers[value:], other.numbers[value:])
        version = stored.version[row[is_stored]]
        differs[is_stored] = ~is_same | (version != indicator.version)
    which = np.flatnonzero(differs)
    return Changes(
        indicator, periods, figures.at(which), row[which], has_new_value[which], stored.rows
    )


def _rows_of(computed: Figures, stored: Figures) -> tuple[Whole, Chosen]:
    """Return the place of each figure's stored row, and masks the rows that are of none."""
    if not len(stored):
        return np.full(len(computed), NO_ROW), np.zeros(0, bool)
    keys = (
        np.concatenate([getattr(computed, name), getattr(stored, name)])
        for name in ("period", "scope", "scope_id")
    )
    first, key = numbered(*keys)
    of_computed, of_stored = key[: len(computed)], key[len(computed) :]
    place = np.full(len(first), NO_ROW)
    place[of_stored] = np.arange(len(stored))
    is_left = np.ones(len(stored), bool)
    row = place[of_computed]
    is_left[row[row != NO_ROW]] = False
    return row, is_left


def _are_close(some: Any, others: Any) -> Chosen:
    """Return where all numbers differ at most by the rounding of fractions, or are both missing."""
    close: Chosen = np.isclose(some, others, rtol=0, atol=0, equal_nan=True)
    size = np.maximum(np.abs(some), np.abs(others))
    close |= np.abs(some - others) <= np.maximum(CLOSE * size, CLOSE)
    return np.asarray(close.all(axis=0), bool)
