"""Sums of each learner or run, and what they add up to in each group of an experiment.

A unit's total y and weight x are its own sums of the KPI's rows. From n, Σy, Σx, Σy², Σx² and Σxy
of a group follow the means, the variances and the covariance of y and x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import F, QuerySet

from kpis.aggregation.grouped_sums import PERSON, SPREAD, TOTAL, WEIGHT, per_person
from kpis.definitions.facts import Moments, unit_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import NO_SPREAD, Spread

GROUP = "kpi_group_0"


@dataclass(frozen=True)
class UnitSums:
    """The sums of the units of a group. `spread.units` is their number n.

    Units without a row count with y = x = 0.
    """

    total: float = 0.0
    weight: float = 0.0
    spread: Spread = NO_SPREAD

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
    facts = indicator.facts_in(period)
    path = facts.path(unit)
    rows, ratio = facts.select(period, (unit,) if unit == "run" else (), scope, moments)
    rows = rows.filter(**{f"{path}__isnull": False})
    return per_person(rows, ratio, {}, path).values_list(PERSON, TOTAL, WEIGHT)


def sums_by_group(
    indicator: Indicator, period: Period, moments: Moments, scope: Scope = SITE
) -> dict[Any, UnitSums]:
    """Return the sums of each group of units, in one query.

    Every unit of `moments` belongs to its group, whether it has rows or not.
    """
    keys = {GROUP: F(moments.group), PERSON: F(moments.unit)}
    units = moments.rows.order_by().annotate(**keys).values(*keys)
    unit = unit_of(moments)
    measured = unit_sums(indicator, period, scope, unit=unit, moments=moments)
    connection = connections[units.db]
    of_units, unit_params = units.query.get_compiler(connection=connection).as_sql()
    of_sums, sum_params = measured.query.get_compiler(connection=connection).as_sql()
    columns = ", ".join((GROUP, f"SUM({TOTAL})", f"SUM({WEIGHT})", *SPREAD))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM ({of_units}) AS units "  # noqa: S608
            f"LEFT JOIN ({of_sums}) AS sums USING ({PERSON}) GROUP BY {GROUP}",
            (*unit_params, *sum_params),
        )
        rows = cursor.fetchall()
    return {
        group: UnitSums(
            float(total or 0),
            float(weight or 0),
            Spread(n, *(float(one or 0) for one in products)),
        )
        for group, total, weight, n, *products in rows
    }
