"""What each fact adds to the sums of a person, so that numpy adds them up instead of the database.

SQLite sorts the rows that it groups, which takes three times as long as reading them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Case, Count, F, Sum, Value, When
from django.db.models.lookups import IsNull

from kpis.aggregation.people import People, Whole, numbered, summed_up
from kpis.definitions.facts import Expression


@dataclass(frozen=True)
class RowSums:
    """Expressions of a row by the names of sums; those that are `present` are 1 at most.

    They count the person itself, who is there once however many rows there are.
    """

    expressions: Mapping[str, Any]
    present: frozenset[str]

    @classmethod
    def of(cls, sums: Mapping[str, Expression], person: str) -> RowSums | None:
        """Return what rows add to the sums of a person, given by a path; None if unknown."""
        present = {name for name, one in sums.items() if _counts_person(one, person)}
        if not all(name in present or _adds_rows(one) for name, one in sums.items()):
            return None
        return cls({name: _of_row(one) for name, one in sums.items()}, frozenset(present))

    def merged(
        self, people: People, parent: Whole, names: tuple[str, str, str]
    ) -> tuple[People, Whole]:
        """Add up the rows of each person; `names` are those of the columns n, y and x."""
        first, place = numbered(people.period, people.group, people.person)
        if len(first) == len(people):
            return people, parent
        sums = summed_up(place, len(first), people.n, people.y, people.x)
        n, y, x = (
            np.minimum(one, 1) if name in self.present else one
            for name, one in zip(names, sums, strict=True)
        )
        kept = people.at(first)
        merged = People(kept.period, kept.group, kept.person, n.astype(np.int64), y, x)
        return merged, parent[first]


def _adds_rows(one: Expression) -> bool:
    return isinstance(one, Count | Sum) and not getattr(one, "distinct", False)


def _counts_person(one: Expression, person: str) -> bool:
    is_distinct = isinstance(one, Count) and getattr(one, "distinct", False)
    return is_distinct and _path(one) == person


def _path(one: Any) -> str | None:
    value = one.source_expressions[0]
    return str(getattr(value, "name", "")) if isinstance(value, F) else None


def _of_row(one: Any) -> Any:
    """Return the value that an aggregate adds up, of one row; NULL is nothing."""
    value = one.source_expressions[0]
    conditions = [one.filter] if one.filter is not None else []
    if isinstance(one, Count):
        if _path(one) != "pk":
            conditions.append(IsNull(value, False))
        value = Value(1)
    for condition in conditions:
        value = Case(When(condition, then=value))
    return value
