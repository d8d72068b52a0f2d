"""The KPIs: declared in each category's `indicators.py`, found by autodiscovery."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from django.utils.translation import gettext_lazy

from core.lazy_text import LazyText
from kpis.definitions.aggregates import FactAggregate, Scope
from kpis.definitions.periods import Period
from kpis.definitions.units import NUMBER, TEXT, Unit
from kpis.statistics.intervals import Sums


class Interval(Enum):
    """Which uncertainty a value carries; a total carries none."""

    WILSON = "Wilson"
    MEAN = "of a mean of shares"
    NET = "of a net share"
    COMBINED = "combined from its components"


@dataclass(frozen=True)
class Part:
    """A component of a composite KPI and the dial that weighs it."""

    key: str
    weight: str


Dimension = Literal["course", "run", "module"]
DIMENSION_TITLES: dict[Dimension, LazyText] = {
    "course": gettext_lazy("Course"),
    "run": gettext_lazy("Run"),
    "module": gettext_lazy("Module"),
}


@dataclass(frozen=True)
class Column:
    """`thing` says what its cells name; by it, and by no word, rows of small groups are hidden."""

    key: str
    title: LazyText
    unit: Unit = NUMBER
    dimension: Dimension | None = None

    @classmethod
    def of(cls, thing: Dimension, key: str = "") -> Column:
        """The column that names the course, run or module of a row."""
        return cls(key or thing, DIMENSION_TITLES[thing], TEXT, thing)

    @property
    def label(self) -> str:
        """The title in the active language."""
        return str(self.title)


@dataclass(frozen=True)
class Table:
    """What a drill-down answers: rows by column key.

    A row's `learners`, where given, is the number of people behind it, for the rule of small
    groups; it is shown only when a column asks for it. Rows of one `line` (by default of one
    course) add up to a sum that is shown elsewhere.
    """

    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class DrillDown:
    """`also` names other KPIs whose figures its rows have: what they suppress is suppressed here.
    The rows of one that `is_of_all_time` are the same in every period."""

    key: str
    title: LazyText
    help: str
    table: Callable[[Period, Scope], Table]
    also: tuple[str, ...] = ()
    is_of_all_time: bool = False

    @property
    def name(self) -> str:
        """The title in the active language."""
        return str(self.title)


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One KPI. `target` and `higher_is_better` are in the unit shown: 85 means 85%.

    `always_by` names the groups that the API answers with it when no others are asked for,
    `companions` the KPIs that are shown beside it. Of one that is not additive, such as a number
    of different people, course and site are not the sums of their runs but tallied by themselves.
    One without learners counts other people, such as customers.
    The value of one that `is_total`, such as a count, is the numerator itself. The value of one
    that `depends_on_length` is another for a longer period, as every total is.
    A period adds up its days or, where `grain` says so, the weeks whose Mondays are in it.
    """

    key: str
    title: LazyText
    unit: Unit
    help: str
    target: Decimal | None = None
    higher_is_better: bool = True
    interval: Interval = Interval.WILSON
    min_n: int = 10
    version: int = 1
    aggregate: Callable[[Period], FactAggregate] | None = None
    parts: tuple[Part, ...] = ()
    component_of: str | None = None
    has_modules: bool = False
    has_runs: bool = True
    has_learners: bool = True
    is_additive: bool = True
    is_total: bool = False
    depends_on_length: bool = False
    companions: tuple[str, ...] = ()
    always_by: str | None = None
    grain: Literal["day", "week"] = "day"
    drill_downs: dict[str, DrillDown] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The title in the active language."""
        return str(self.title)

    @property
    def category(self) -> str:
        return self.key.partition(".")[0]

    @property
    def slug(self) -> str:
        return self.key.partition(".")[2]

    @property
    def measured_keys(self) -> tuple[str, ...]:
        """The keys whose measurements the value comes from: its own or its components'."""
        return tuple(part.key for part in self.parts) or (self.key,)

    @property
    def has_monthly_target(self) -> bool:
        """True when only the value of a month can be compared with the target."""
        return self.is_total or self.depends_on_length

    def value_of(self, sums: Sums) -> float | None:
        """Total ÷ weight, of a total the total itself; None with nothing to divide by."""
        return sums.total if self.is_total else sums.value


REGISTRY: dict[str, Indicator] = {}
AggregateFunction = Callable[[Period], FactAggregate]
TableFunction = Callable[[Period, Scope], Table]


def kpi(
    key: str, title: LazyText, *, unit: Unit, target: float | None = None, **more: Any
) -> Callable[[AggregateFunction], AggregateFunction]:
    """Declare a KPI by the function from a period to the tally of the rows that count in it."""

    def declare(function: AggregateFunction) -> AggregateFunction:
        _register(key, title, function, unit=unit, target=target, aggregate=function, **more)
        return function

    return declare


def composite(
    key: str, title: LazyText, *, unit: Unit, target: float | None = None, **more: Any
) -> Callable[[Callable[[], dict[str, str]]], None]:
    """Declare a KPI as the weighted mean of others: the function maps their keys to dials."""

    def declare(function: Callable[[], dict[str, str]]) -> None:
        parts = tuple(Part(part, weight) for part, weight in function().items())
        _register(
            key,
            title,
            function,
            unit=unit,
            target=target,
            parts=parts,
            interval=Interval.COMBINED,
            **more,
        )

    return declare


def _register(
    key: str,
    title: LazyText,
    function: Callable[..., object],
    *,
    unit: Unit,
    target: float | None,
    **more: Any,
) -> None:
    if key in REGISTRY:
        raise ValueError(f"KPI {key} is registered twice.")
    REGISTRY[key] = Indicator(
        key=key,
        title=title,
        unit=unit,
        help=inspect.getdoc(function) or "",
        target=None if target is None else Decimal(str(target)),
        **more,
    )


def drill_down(
    kpi_key: str, key: str, title: LazyText, **more: Any
) -> Callable[[TableFunction], TableFunction]:
    """Hang a table under a KPI: the function maps a period and a scope to it."""

    def declare(function: TableFunction) -> TableFunction:
        downs = REGISTRY[kpi_key].drill_downs
        if key in downs:
            raise ValueError(f"Drill-down {key} of {kpi_key} is registered twice.")
        downs[key] = DrillDown(key, title, inspect.getdoc(function) or "", function, **more)
        return function

    return declare


def of_category(category: str) -> list[Indicator]:
    return [one for one in REGISTRY.values() if one.category == category]


def headline(category: str) -> list[Indicator]:
    """The KPIs of a category that stand on their own, without the components of others."""
    return [one for one in of_category(category) if one.component_of is None]


def has_runs(indicator: Indicator) -> bool:
    """True when the KPI, or every component of it, can be told apart by run."""
    return all(REGISTRY[key].has_runs for key in indicator.measured_keys)


def has_modules(indicator: Indicator) -> bool:
    """True when the KPI, or every component of it, can be told apart by module."""
    return all(REGISTRY[key].has_modules for key in indicator.measured_keys)
