"""Sum the facts of a KPI: per person first, then over the people of each group, in one query.

What each person contributes is needed for the intervals, which must not take rows of one person
for independent, and for counting people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import reduce
from itertools import combinations
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import F, QuerySet

from kpis.aggregation.period_placeholders import filled_in
from kpis.definitions.facts import Ratio
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import NOTHING, CrossSums, Spread, Sums

# ids of a group, its sums, and the ids of the people behind them
GroupSums = tuple[tuple[Any, ...], Sums, frozenset[int]]
NOBODY = frozenset[int]()
# names that no field of a model has
PERSON, N, TOTAL, WEIGHT = "kpi_person", "kpi_n", "kpi_total", "kpi_weight"
DOUBLE = "CAST({} AS DOUBLE PRECISION)"  # whole numbers may be too large when squared
ZERO = DOUBLE.format(0)
Y, X = DOUBLE.format(TOTAL), DOUBLE.format(WEIGHT)
SPREAD = (
    # rows without a person, such as payments without a customer, are no one unit
    f"COUNT({PERSON})",
    *(
        f"SUM(CASE WHEN {PERSON} IS NOT NULL THEN {product} END)"
        for product in (f"{Y} * {Y}", f"{X} * {X}", f"{X} * {Y}")
    ),
)


def sums_by(
    indicator: Indicator, period: Period, by: Sequence[str] = (), scope: Scope = SITE
) -> dict[tuple[Any, ...], Sums]:
    """Return sums by the ids of the dimensions in `by`, in one query; () without any.

    ValueError if the KPI cannot be broken down by one of them.
    """
    query = GroupedSums(indicator, period, by, scope)
    found = {key: sums for key, sums, _ in query.run()}
    return found if by else {(): found.get((), NOTHING)}


def rows_of(key: str, period: Period, scope: Scope = SITE, by: Sequence[str] = ()) -> Any:
    """Return the rows of a KPI that count in a period and scope, for tables that explain it.

    `by` are the dimensions that the table is broken down by.
    """
    rows, _ = REGISTRY[key].facts_in(period).select(period, by, scope)
    return rows


class GroupedSums:
    """A grouped query of a KPI, built once; it runs for one period or, with placeholders, for any.

    Of a composite, it sums the products of what each person contributes to two components.

    `lists_people`: return the ids of the people of each group, not only their number.
    """

    def __init__(
        self,
        indicator: Indicator,
        period: Period,
        by: Sequence[str],
        scope: Scope,
        *,
        lists_people: bool = False,
    ) -> None:
        self.groups = [f"kpi_group_{at}" for at in range(len(by))]
        self.lists_people = lists_people
        if indicator.parts:
            parts = [REGISTRY[part.key] for part in indicator.parts]
            people = [self._people_of(one, period, by, scope) for one in parts]
            inner, self.params = (
                self._joined(people),
                tuple(one for _, some in people for one in some),
            )
            self.products = tuple(
                f"SUM({one}{a} * {other}{b})"
                for a, b in combinations(range(len(parts)), 2)
                for one in "yx"
                for other in "yx"
            )
        else:
            inner, self.params = self._people_of(indicator, period, by, scope)
            self.products = () if indicator.is_total else SPREAD
        self.is_composite = bool(indicator.parts)
        self.sql = self._outer(inner)

    def _people_of(
        self, indicator: Indicator, period: Period, by: Sequence[str], scope: Scope
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the query of the sums of each person in each group, and its parameters."""
        facts = indicator.facts_in(period)
        paths = dict(zip(self.groups, (facts.path(name) for name in by), strict=True))
        people = per_person(*facts.select(period, by, scope), paths, facts.path("people"))
        self.connection = connections[people.db]
        sql, params = people.query.get_compiler(connection=self.connection).as_sql()
        return sql, tuple(params)

    def _joined(self, people: Sequence[tuple[str, tuple[Any, ...]]]) -> str:
        """Return the query of what each person contributes to each of several KPIs: yN and xN."""
        keys = ", ".join([*self.groups, PERSON])
        selects = []
        for at, (sql, _) in enumerate(people):
            own = [
                f"{value if at == n else ZERO} AS {name}{n}"
                for n in range(len(people))
                for name, value in (("y", Y), ("x", X))
            ]
            selects.append(
                f"SELECT {keys}, {N}, {', '.join(own)} "  # noqa: S608
                f"FROM ({sql}) AS one WHERE {PERSON} IS NOT NULL"
            )
        sums = [f"SUM({name}{n}) AS {name}{n}" for n in range(len(people)) for name in "yx"]
        return (
            f"SELECT {keys}, SUM({N}) AS {N}, 0 AS {TOTAL}, 0 AS {WEIGHT}, {', '.join(sums)} "  # noqa: S608
            f"FROM ({' UNION ALL '.join(selects)}) AS parts GROUP BY {keys}"
        )

    def _outer(self, inner: str) -> str:
        ids = {"sqlite": "JSON_GROUP_ARRAY({})", "postgresql": "JSONB_AGG({})"}
        people = ids[self.connection.vendor] if self.lists_people else "COUNT({})"
        columns = [
            *self.groups,
            *(f"SUM({name})" for name in (N, TOTAL, WEIGHT)),
            people.format(PERSON),
            *self.products,
        ]
        grouped = f" GROUP BY {', '.join(self.groups)}" if self.groups else ""
        return f"SELECT {', '.join(columns)} FROM ({inner}) AS people{grouped}"  # noqa: S608

    def run(self, period: Period | None = None) -> Iterator[GroupSums]:
        """Yield the groups that have rows, in the period if the query has placeholders."""
        params = filled_in(self.params, period, self.connection) if period else self.params
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        for row in rows:
            n, total, weight, people, *products = row[len(self.groups) :]
            if n:
                ids = frozenset(json.loads(people)) - {None} if self.lists_people else NOBODY
                sums = Sums(
                    n=int(n),
                    total=float(total or 0),
                    weight=float(weight or 0),
                    learners=len(ids) if self.lists_people else people,
                    spread=None if self.is_composite else _spread(products),
                    crosses=_crosses(products) if self.is_composite else (),
                )
                yield tuple(row[: len(self.groups)]), sums, ids


def _spread(columns: Sequence[Any]) -> Spread | None:
    if not columns:
        return None
    units, *products = columns
    return Spread(units, *(float(one or 0) for one in products))


def _crosses(products: Sequence[float | None]) -> tuple[CrossSums, ...]:
    numbers = [float(one or 0) for one in products]
    return tuple(CrossSums(*numbers[at : at + 4]) for at in range(0, len(numbers), 4))


def per_person(
    rows: QuerySet[Any], ratio: Ratio, groups: Mapping[str, str], person: str
) -> QuerySet[Any, Any]:
    """Return a query of the sums of each person in each group, given lookup paths by alias."""
    keys = {alias: F(path) for alias, path in groups.items()}
    keys[PERSON] = F(person)
    sums = {N: ratio.n, TOTAL: ratio.total, WEIGHT: ratio.weight}
    found: QuerySet[Any, Any] = rows.annotate(**keys).values(*keys).annotate(**sums)
    return found


def combine_parts(
    indicator: Indicator,
    period: Period,
    scope: Scope,
    parts: Sequence[Sums],
    *,
    people: AbstractSet[int] | None = None,
) -> Sums:
    """Add up disjoint parts of a scope.

    One person can be in several parts, so the largest part gives a lower bound of their number.
    If that bound looks like a small group, count precisely: the ids in `people` if given,
    otherwise the facts. Facts can be newer than the parts, so there are never more people than
    observations.
    """
    sums = reduce(Sums.__add__, parts, Sums())
    is_bound = sum(1 for part in parts if part.learners) > 1
    if not is_bound or sums.learners >= settings.KPI_MIN_GROUP:
        return sums
    if people is not None:
        return replace(sums, learners=len(people))
    counted = sums_by(indicator, period, (), scope)[()]
    return replace(sums, learners=min(counted.learners, sums.n))
