"""Sums of each learner or run, and what they add up to in each group of an experiment.

A unit's total y and weight x are its own sums of the KPI's rows. From n, Σy, Σx, Σy², Σx² and Σxy
of a group follow the means, the variances and the covariance of y and x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connections
from django.db.models import F, QuerySet

from kpis.aggregation.grouped_sums import DOUBLE, PERSON, TOTAL, WEIGHT, N, per_person
from kpis.definitions.facts import Moments, unit_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import NO_SPREAD, Spread

GROUP = "kpi_group_0"
# a unit's total and weight after its moment, and before; those without a row have 0
SIDES = ("after", "before")
Y, X, Y0, X0 = (
    f"COALESCE({DOUBLE.format(f'{side}.{column}')}, 0)"
    for side in SIDES
    for column in (TOTAL, WEIGHT)
)
PRODUCTS = ((Y, Y), (X, X), (X, Y))
PRODUCTS_BEFORE = ((Y0, Y0), (X0, X0), (X0, Y0), (Y, Y0), (Y, X0), (X, Y0), (X, X0))


@dataclass(frozen=True)
class SumsBefore:
    """The sums of the same units before their moment: total y0, weight x0, and all products.

    `yx0` is the sum over the units of the total after times the weight before, and so on.
    """

    total: float = 0.0
    weight: float = 0.0
    y0y0: float = 0.0
    x0x0: float = 0.0
    x0y0: float = 0.0
    yy0: float = 0.0
    yx0: float = 0.0
    xy0: float = 0.0
    xx0: float = 0.0


@dataclass(frozen=True)
class UnitSums:
    """The sums of the units of a group. `spread.units` is their number n.

    Units without a row count with y = x = 0; `without_rows` is their number. `before` is None
    unless it was asked for.
    """

    total: float = 0.0
    weight: float = 0.0
    spread: Spread = NO_SPREAD
    without_rows: int = 0
    before: SumsBefore | None = None

    @property
    def n(self) -> int:
        return self.spread.units

    @property
    def value(self) -> float | None:
        """Return Σy ÷ Σx; None if Σx is 0."""
        return self.total / self.weight if self.weight else None

    @property
    def mean_total(self) -> float | None:
        """Return the mean of y; None without units."""
        return self.total / self.n if self.n else None

    @property
    def mean_weight(self) -> float | None:
        """Return the mean of x; None without units."""
        return self.weight / self.n if self.n else None

    @property
    def variance_of_total(self) -> float | None:
        """Return the sample variance of y; None for less than two units."""
        return self._moment(self.spread.yy, self.total, self.total)

    @property
    def variance_of_weight(self) -> float | None:
        """Return the sample variance of x; None for less than two units."""
        return self._moment(self.spread.xx, self.weight, self.weight)

    @property
    def covariance(self) -> float | None:
        """Return the sample covariance of y and x; None for less than two units."""
        return self._moment(self.spread.xy, self.weight, self.total)

    def _moment(self, products: float, one: float, other: float) -> float | None:
        if self.n < 2:
            return None
        return (products - one * other / self.n) / (self.n - 1)


def unit_sums(
    indicator: Indicator,
    period: Period,
    scope: Scope = SITE,
    *,
    unit: str = "learner",
    moments: Moments | None = None,
) -> QuerySet[Any, Any]:
    """Return a query of (id, Σ numerator, Σ denominator) of each unit with rows in the period.

    `unit` is learner, run or people: whoever counts as one person, such as a customer. With
    `moments`, only rows after (or before) the moment of their unit count. ValueError if the KPI
    does not have such units.
    """
    measured = _of_units(indicator, period, scope, unit, moments=moments)
    return measured.values_list(PERSON, TOTAL, WEIGHT)


def _of_units(
    indicator: Indicator,
    period: Period,
    scope: Scope,
    unit: str,
    *,
    moments: Moments | None = None,
    of_everybody: bool = False,
) -> QuerySet[Any, Any]:
    facts = indicator.facts_in(period)
    path, by = facts.path(unit), (unit,) if unit == "run" else ()
    rows, ratio = facts.select(period, by, scope, moments, of_everybody=of_everybody)
    return per_person(rows.filter(**{f"{path}__isnull": False}), ratio, {}, path)


def sums_by_group(
    indicator: Indicator,
    period: Period,
    moments: Moments,
    scope: Scope = SITE,
    *,
    before: Period | None = None,
) -> dict[Any, UnitSums]:
    """Return the sums of each group of units, in one query.

    Every unit of `moments` belongs to its group, whether it has rows or not. With `before`, a
    period that ends before the first moment, also return what the same units did in it.
    """
    keys = {GROUP: F(moments.group), PERSON: F(moments.unit)}
    units = moments.rows.order_by().annotate(**keys).values(*keys)
    of_units = partial(
        _of_units, indicator, scope=scope, unit=unit_of(moments), of_everybody=moments.are_counted
    )
    parts = [of_units(period, moments=moments)]
    if before is not None:
        parts.append(of_units(before))
    rows = _joined(units, parts)
    return {group: _unit_sums(*sums) for group, *sums in rows}


def _joined(units: QuerySet[Any, Any], parts: Sequence[QuerySet[Any, Any]]) -> list[Any]:
    """Return a row for each group: n, units without rows, sums, products, and those before."""
    products = [*PRODUCTS, *(PRODUCTS_BEFORE if len(parts) > 1 else ())]
    sums = [Y, X, *((Y0, X0) if len(parts) > 1 else ())]
    columns = (
        GROUP,
        f"COUNT(units.{PERSON})",
        f"SUM(CASE WHEN after.{N} IS NULL THEN 1 ELSE 0 END)",
        *(f"SUM({one})" for one in sums),
        *(f"SUM({one} * {other})" for one, other in products),
    )
    connection = connections[units.db]
    compiled = [one.query.get_compiler(connection=connection).as_sql() for one in (units, *parts)]
    of_units, *of_parts = (sql for sql, _ in compiled)
    joins = "".join(
        f" LEFT JOIN ({sql}) AS {name} ON {name}.{PERSON} = units.{PERSON}"
        for name, sql in zip(SIDES, of_parts, strict=False)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM ({of_units}) AS units{joins} GROUP BY {GROUP}",  # noqa: S608
            [param for _, params in compiled for param in params],
        )
        return list(cursor.fetchall())


def _unit_sums(n: int, without_rows: int, *numbers: float) -> UnitSums:
    if len(numbers) == 5:
        total, weight, *products = (float(one) for one in numbers)
        before = None
    else:
        total, weight, total_before, weight_before, *products = (float(one) for one in numbers)
        before = SumsBefore(total_before, weight_before, *products[3:])
    return UnitSums(total, weight, Spread(n, *products[:3]), int(without_rows), before)


def sums_of_units(
    indicator: Indicator, period: Period, scope: Scope = SITE, *, by_run: bool = False
) -> dict[int | None, UnitSums]:
    """Return the sums of all learners with rows in a period, in one query: under None, or by run.

    ValueError if the KPI cannot be broken down by learner, or by run.
    """
    facts = indicator.facts_in(period)
    path = facts.path("learner")
    rows, ratio = facts.select(period, ("run",) if by_run else (), scope)
    groups = {GROUP: facts.path("run")} if by_run else {}
    learners = per_person(rows.filter(**{f"{path}__isnull": False}), ratio, groups, path)
    connection = connections[learners.db]
    sql, params = learners.query.get_compiler(connection=connection).as_sql()
    columns = [f"COUNT({PERSON})", "0", f"SUM({Y})", f"SUM({X})"]
    columns += [f"SUM({one} * {other})" for one, other in PRODUCTS]
    chosen, grouped = (f"{GROUP}, ", f" GROUP BY {GROUP}") if by_run else ("NULL, ", "")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {chosen}{', '.join(columns)} FROM ({sql}) AS after{grouped}",  # noqa: S608
            params,
        )
        return {run: _unit_sums(*sums) for run, *sums in cursor.fetchall() if sums[0]}
