"""Sum the facts of a KPI: per person first, then over the people of each group, in one query.

What each person contributes is needed for the intervals, which must not take rows of one person
for independent, and for counting people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import reduce
from itertools import combinations
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, QuerySet

from kpis.definitions.facts import Ratio
from kpis.definitions.periods import Period
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import NOTHING, CrossSums, Spread, Sums

# ids of a group, and its sums
GroupSums = tuple[tuple[Any, ...], Sums]
# the sums of a composite and of each of its components
Together = list[Sums]
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
    if indicator.parts:
        together = CompositeSums(indicator, period, by, scope).run()
        found = {key: parts[0] for key, parts in together}
    else:
        found = dict(GroupedSums(indicator, period, by, scope).run())
    return found if by else {(): found.get((), NOTHING)}


def rows_of(key: str, period: Period, scope: Scope = SITE, by: Sequence[str] = ()) -> Any:
    """Return the rows of a KPI that count in a period and scope, for tables that explain it.

    `by` are the dimensions that the table is broken down by.
    """
    rows, _ = REGISTRY[key].facts_in(period).select(period, by, scope)
    return rows


class GroupedSums:
    """A grouped query of a KPI in one period."""

    def __init__(
        self, indicator: Indicator, period: Period, by: Sequence[str], scope: Scope
    ) -> None:
        self.groups = _aliases(by)
        inner, self.params, self.connection = _people_query(indicator, period, by, scope)
        columns = [
            *self.groups,
            *(f"SUM({name})" for name in (N, TOTAL, WEIGHT)),
            f"COUNT({PERSON})",
            *(() if indicator.is_total else SPREAD),
        ]
        self.sql = _grouped(columns, inner, self.groups)

    def run(self) -> Iterator[GroupSums]:
        """Yield the groups that have rows."""
        return self.read(_rows(self))

    def read(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[GroupSums]:
        for row in rows:
            n, total, weight, people, *spread = row[len(self.groups) :]
            if n:
                sums = Sums(
                    n=int(n),
                    total=float(total or 0),
                    weight=float(weight or 0),
                    learners=people,
                    spread=_spread(*spread) if spread else None,
                )
                yield tuple(row[: len(self.groups)]), sums


class CompositeSums:
    """A grouped query of all components of a composite in one period.

    Beside the sums of each component, it gives those of the products of what each person
    contributes to two of them.
    """

    def __init__(
        self, composite: Indicator, period: Period, by: Sequence[str], scope: Scope
    ) -> None:
        self.groups, self.size = _aliases(by), len(composite.parts)
        self.params: tuple[Any, ...] = ()
        keys, selects = ", ".join([*self.groups, PERSON]), []
        for at, part in enumerate(composite.parts):
            query = _people_query(REGISTRY[part.key], period, by, scope)
            inner, params, self.connection = query
            self.params += params
            # nothing in the columns of the other components
            own = [
                f"{value if at == other else zero} AS {name}{other}"
                for other in range(self.size)
                for name, value, zero in (("n", N, "0"), ("y", Y, ZERO), ("x", X, ZERO))
            ]
            selects.append(f"SELECT {keys}, {', '.join(own)} FROM ({inner}) AS one")  # noqa: S608
        sums = [f"SUM({name}{at}) AS {name}{at}" for at in range(self.size) for name in "nyx"]
        people = (
            f"SELECT {keys}, {', '.join(sums)} FROM ({' UNION ALL '.join(selects)}) AS parts "  # noqa: S608
            f"WHERE {PERSON} IS NOT NULL GROUP BY {keys}"
        )
        columns = [*self.groups, f"COUNT({PERSON})"]
        for at in range(self.size):
            columns += [f"SUM({name}{at})" for name in "nyx"]
            columns.append(f"COUNT(CASE WHEN n{at} > 0 THEN {PERSON} END)")
            columns += [f"SUM({one}{at} * {other}{at})" for one, other in ("yy", "xx", "xy")]
        columns += [
            f"SUM({one}{first} * {other}{second})"
            for first, second in combinations(range(self.size), 2)
            for one in "yx"
            for other in "yx"
        ]
        self.sql = _grouped(columns, people, self.groups)

    def run(self) -> Iterator[tuple[tuple[Any, ...], Together]]:
        """Yield the composite and its components, in this order, in each group that has rows."""
        return self.read(_rows(self))

    def read(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Together]]:
        for row in rows:
            people, *numbers = row[len(self.groups) :]
            parts = [_part(*numbers[7 * at : 7 * at + 7]) for at in range(self.size)]
            if people:
                products = [float(one or 0) for one in numbers[7 * self.size :]]
                crosses = (products[at : at + 4] for at in range(0, len(products), 4))
                sums = Sums(
                    n=sum(part.n for part in parts),
                    learners=people,
                    crosses=tuple(CrossSums(*four) for four in crosses),
                )
                yield tuple(row[: len(self.groups)]), [sums, *parts]


def _part(n: Any, total: Any, weight: Any, people: int, *products: Any) -> Sums:
    spread = _spread(people, *products)
    return Sums(int(n or 0), float(total or 0), float(weight or 0), people, spread)


def _aliases(by: Sequence[str]) -> list[str]:
    return [f"kpi_group_{at}" for at in range(len(by))]


def _people_query(
    indicator: Indicator, period: Period, by: Sequence[str], scope: Scope
) -> tuple[str, tuple[Any, ...], BaseDatabaseWrapper]:
    """Return the SQL of the sums of each person in each group, its parameters and connection."""
    facts = indicator.facts_in(period)
    paths = dict(zip(_aliases(by), (facts.path(name) for name in by), strict=True))
    people = per_person(*facts.select(period, by, scope), paths, facts.path("people"))
    connection = connections[people.db]
    sql, params = people.query.get_compiler(connection=connection).as_sql()
    return sql, tuple(params), connection


def _grouped(columns: Sequence[str], people: str, groups: Sequence[str]) -> str:
    grouped = f" GROUP BY {', '.join(groups)}" if groups else ""
    return f"SELECT {', '.join(columns)} FROM ({people}) AS people{grouped}"  # noqa: S608


def _rows(query: GroupedSums | CompositeSums) -> list[tuple[Any, ...]]:
    with query.connection.cursor() as cursor:
        cursor.execute(query.sql, query.params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _spread(units: int, *products: float | None) -> Spread:
    return Spread(units, *(float(one or 0) for one in products))


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
