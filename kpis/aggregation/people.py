"""Columns of what people contribute to groups in periods, and what they add up to.

A row is one person in one group and period; a person of 0 is nobody, such as the customer of a
payment without one. Groups and periods are numbered from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

COLUMNS = ("period", "group", "person", "n", "y", "x")
Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
Chosen = npt.NDArray[Any]
# up to so many possible combinations of keys for each row, they are not sorted
MOST_PER_ROW = 8


@dataclass(frozen=True)
class People:
    """What each person contributes: `n` observations, the total `y` and the weight `x`."""

    period: Whole
    group: Whole
    person: Whole
    n: Whole
    y: Real
    x: Real

    def __len__(self) -> int:
        return len(self.period)

    def at(self, rows: Chosen) -> People:
        """Return the chosen rows: their places, or a mask."""
        columns: Any = (getattr(self, name)[rows] for name in COLUMNS)
        return People(*columns)

    def in_groups(self, group: Whole) -> People:
        """Return the same rows in other groups."""
        return replace(self, group=group)

    def merged(self, is_repeated: Chosen | None = None) -> People:
        """Make one row of those of one person in the same group and period.

        `is_repeated` masks the rows of people who may have several.
        """
        if is_repeated is not None:
            return concatenated([self.at(~is_repeated), self.at(is_repeated).merged()])
        first, place = numbered(self.period, self.group, self.person)
        if len(first) == len(self):
            return self
        n, y, x = summed_up(place, len(first), self.n, self.y, self.x)
        return replace(self.at(first), n=n.astype(np.int64), y=y, x=x)

    def sums(self) -> GroupSums:
        """Add up the people of each group in each period; `numbers` are Σy, Σx, Σy², Σx², Σxy.

        Squares and products are those of people only, without nobody's rows.
        """
        first, place = numbered(self.period, self.group)
        is_somebody = self.person > 0
        y, x = self.y * is_somebody, self.x * is_somebody
        columns = (self.n, is_somebody, self.y, self.x, y * y, x * x, x * y)
        n, people, *numbers = summed_up(place, len(first), *columns)
        return GroupSums(self.period[first], self.group[first], n, people, numbers)


@dataclass(frozen=True)
class GroupSums:
    """The sums of each group with rows, in the order of periods and groups.

    `n` counts observations and `people` different people. All are whole numbers, but `numbers`.
    """

    period: Whole
    group: Whole
    n: Real
    people: Real
    numbers: Sequence[Real]


def concatenated(some: Sequence[People]) -> People:
    columns: Any = (np.concatenate([getattr(one, name) for one in some]) for name in COLUMNS)
    return People(*columns)


def summed_up(place: Whole, size: int, *columns: npt.NDArray[Any]) -> list[Real]:
    """Return the sums of each column over the rows at each place."""
    return [np.bincount(place, one, size).astype(np.float64, copy=False) for one in columns]


def crossed(parts: Sequence[People]) -> GroupSums:
    """Add up how several KPIs vary together over the people of each group.

    `numbers` are four for each pair of KPIs, as in `CrossSums`: Σyy, Σyx, Σxy and Σxx.
    """
    parts = [one.at(one.person > 0) for one in parts]
    rows = concatenated(parts)
    first, person = numbered(rows.period, rows.group, rows.person)
    ends = np.cumsum([len(one) for one in parts])
    y, x = np.zeros((2, len(parts), len(first)))
    for at, (part, own) in enumerate(zip(parts, np.split(person, ends[:-1]), strict=True)):
        y[at, own], x[at, own] = part.y, part.x
    n = summed_up(person, len(first), rows.n)[0]
    products = (
        one[a] * other[b]
        for a, b in combinations(range(len(parts)), 2)
        for one in (y, x)
        for other in (y, x)
    )
    period, group = rows.period[first], rows.group[first]
    first, place = numbered(period, group)
    columns = (n, np.ones(len(place)), *products)
    n, people, *numbers = summed_up(place, len(first), *columns)
    return GroupSums(period[first], group[first], n, people, numbers)


def numbered(*keys: Whole) -> tuple[Whole, Whole]:
    """Number the different combinations of keys in ascending order.

    Returns the place of the first row of each number, and the number of each row.
    """
    code, span = keys[0], int(keys[0].max(initial=0)) + 1
    for key in keys[1:]:
        most = int(key.max(initial=0)) + 1
        code, span = code * most + key, span * most
    if span > MOST_PER_ROW * (len(code) + 1_000):
        _, first, number = np.unique(code, return_index=True, return_inverse=True)
        return first, number
    # few combinations need no sorting
    is_there = np.zeros(span, bool)
    is_there[code] = True
    number = (np.cumsum(is_there) - 1)[code]
    first = np.empty(np.count_nonzero(is_there), np.int64)
    first[number[::-1]] = np.arange(len(code) - 1, -1, -1)
    return first, number
