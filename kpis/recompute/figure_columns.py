"""Figures as columns: what is computed, compared and stored by the million has no object each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kpis.aggregation.people import Chosen, GroupSums, Real, Whole
from kpis.definitions.registry import Indicator
from kpis.models import Measurement
from kpis.statistics.intervals import NOTHING, CrossSums, Spread, Sums

SCOPES: tuple[str, ...] = tuple(Measurement.Scope.values)
SITE, COURSE, RUN, MODULE = range(len(SCOPES))
WHOLE = ("period", "scope", "scope_id", "course", "n", "learners")
COLUMNS = (*WHOLE, "numbers")
PER_PAIR = 4


@dataclass(frozen=True)
class Figures:
    """Columns of one KPI's figures: the sums of scopes in periods.

    Periods are numbers, scopes places in SCOPES, and the course of the site is 0. The rows of
    `numbers` are, as many as the KPI has, total, weight, units, yy, xx and xy; for a composite, the
    four sums of each pair of its components. Those that a figure does not have are NaN.
    """

    period: Whole
    scope: Whole
    scope_id: Whole
    course: Whole
    n: Whole
    learners: Whole
    numbers: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.period)

    def at(self, rows: Chosen) -> Figures:
        """Return the chosen rows: their places, or a mask."""
        columns: Any = (getattr(self, name)[..., rows] for name in COLUMNS)
        return Figures(*columns)

    def sums_of(self, indicator: Indicator, row: int) -> Sums:
        """Return the sums of one row."""
        n, learners, numbers = int(self.n[row]), int(self.learners[row]), self.numbers[:, row]
        if not n:
            return NOTHING
        if indicator.parts:
            fours = numbers.reshape(-1, PER_PAIR).tolist()
            return Sums(n, learners=learners, crosses=tuple(CrossSums(*four) for four in fours))
        total, weight, *spread = numbers.tolist()
        of_people = Spread(int(spread[0]), *spread[1:]) if spread else None
        return Sums(n, total, weight, learners, of_people)


def are_in(places: Iterable[tuple[int, frozenset[int]]], period: Whole, course: Whole) -> Chosen:
    """Return where a course is among those given with its period; periods are numbers."""
    places = list(places)
    arrays = {ids: np.array(sorted(ids), np.int64) for ids in {ids for _, ids in places}}
    most = 1 + max(int(one.max(initial=0)) for one in (course, *arrays.values()))
    codes = [np.zeros(0, np.int64), *(at * most + arrays[ids] for at, ids in places)]
    return np.isin(period * most + course, np.concatenate(codes))


def height_of(indicator: Indicator) -> int:
    """Return how many numbers a figure of the KPI has."""
    if indicator.parts:
        return PER_PAIR * len(indicator.pairs)
    return 2 if indicator.is_total else 6


def together(indicator: Indicator, some: Sequence[Figures]) -> Figures:
    """Put rows of the same KPI together."""
    none: Any = (*[np.zeros(0, np.int64)] * len(WHOLE), np.zeros((height_of(indicator), 0)))
    some = [Figures(*none), *some]
    columns: Any = (
        np.concatenate([getattr(one, name) for one in some], axis=-1) for name in COLUMNS
    )
    return Figures(*columns)


def of_groups(
    indicator: Indicator, scope: int, sums: GroupSums, course: Whole, units: Real | None = None
) -> Figures:
    """Return the figures of groups that have rows; `units` are their different people."""
    numbers = list(sums.numbers)
    if indicator.is_total:
        numbers = numbers[:2]
    elif not indicator.parts:
        numbers.insert(2, sums.people if units is None else units)
    found = Figures(
        sums.period,
        np.full(len(sums.period), scope),
        sums.group,
        course,
        sums.n.astype(np.int64),
        sums.people.astype(np.int64),
        np.array(numbers).reshape(height_of(indicator), len(sums.period)),
    )
    return found.at(found.n > 0)
