"""Declare KPIs and their drill-downs, in each app's `indicators` and `drill_downs` modules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import combinations
from typing import Any, Literal, TypedDict, Unpack, cast

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy

from core.lazy_text import LazyText
from core.registry import Registry
from curriculum import parameters
from kpis.definitions.declared_facts import facts_declared
from kpis.definitions.facts import Facts, Link, RatioFunction
from kpis.definitions.lookup_paths import field_at
from kpis.definitions.periods import Period
from kpis.definitions.scopes import Scope
from kpis.definitions.units import NUMBER, TEXT, Unit
from kpis.statistics.intervals import Sums


@dataclass(frozen=True)
class Part:
    """A component of a composite KPI, and the key of the parameter that holds its weight."""

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
    """A column of a drill-down; one with a `dimension` names courses, runs or modules."""

    key: str
    title: LazyText
    unit: Unit = NUMBER
    dimension: Dimension | None = None

    @classmethod
    def of(cls, dimension: Dimension, key: str = "") -> Column:
        """Return the column that names the course, run or module of each row."""
        return cls(key or dimension, DIMENSION_TITLES[dimension], TEXT, dimension)

    @property
    def label(self) -> str:
        """Return the title in the active language."""
        return str(self.title)


@dataclass(frozen=True)
class Table:
    """The content of a drill-down: rows of values by column key.

    Two optional keys of a row serve the suppression of small groups: `learners` is the number of
    people behind the row, and the rows with the same `line` (by default: of the same course) add
    up to a sum that is shown elsewhere.
    """

    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class DrillDown:
    """A table that explains a KPI.

    `also` lists other KPIs whose values appear in the rows: a group that one of them suppresses
    is suppressed here too. When `is_of_all_time` is true, every period shows the same rows.
    When `has_runs` is false, a chosen run has no effect on the rows.
    """

    key: str
    title: LazyText
    help: str
    table: Callable[[Period, Scope], Table]
    also: tuple[str, ...] = ()
    is_of_all_time: bool = False
    has_runs: bool = True

    @property
    def name(self) -> str:
        """Return the title in the active language."""
        return str(self.title)


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One KPI.

    `target` is in display units: 85 means 85%.
    `companions` are KPIs that are shown next to it.
    `facts` are what it reads; `facts_of_days`, what it reads for single days, if that is different.
    `always_by` is the dimension that the API groups by when a request names none.
    `is_additive` is false when sites and courses are not the sums of their runs, for example a
    number of different people; they are then aggregated separately. It says nothing about months
    and their days: what looks at the end of the period does not add up over time.
    `is_total` means that the value is the numerator, such as a count or an amount.
    `depends_on_length` means that longer periods have different values, as totals always do.
    `grain` is what longer periods add up: their days, or the weeks whose Mondays they contain.
    `changes_later` means that what a learner does later may still change rows of earlier dates.
    """

    key: str
    title: LazyText
    unit: Unit
    help: str
    target: Decimal | None = None
    higher_is_better: bool = True
    min_n: int = 10
    version: int = 1
    facts: Facts | None = None
    facts_of_days: Facts | None = None
    parts: tuple[Part, ...] = ()
    component_of: str | None = None
    is_additive: bool = True
    is_total: bool = False
    depends_on_length: bool = False
    companions: tuple[str, ...] = ()
    always_by: str | None = None
    grain: Literal["day", "week"] = "day"
    changes_later: bool = False
    drill_downs: Registry[DrillDown] = field(default_factory=lambda: Registry("Drill-down"))

    @property
    def name(self) -> str:
        """Return the title in the active language."""
        return str(self.title)

    @property
    def category(self) -> str:
        return self.key.partition(".")[0]

    @property
    def slug(self) -> str:
        return self.key.partition(".")[2]

    @property
    def api_url(self) -> str:
        return reverse("kpis:api-kpi", args=[self.category, self.slug])

    @property
    def measured_keys(self) -> tuple[str, ...]:
        """Return the keys under which its sums are stored: its own, or its components'."""
        return tuple(part.key for part in self.parts) or (self.key,)

    @property
    def has_modules(self) -> bool:
        """Return whether every component can be broken down by module."""
        return all(one.module is not None for one in self._all_facts)

    @property
    def has_runs(self) -> bool:
        """Return whether every component can be broken down by run."""
        return all(one.run is not None for one in self._all_facts)

    @property
    def has_learners(self) -> bool:
        """Return whether the people behind it are learners, and not customers, for example."""
        return all(one.people == one.person for one in self._all_facts)

    @property
    def _all_facts(self) -> list[Facts]:
        read = [REGISTRY[part.key].facts for part in self.parts] if self.parts else [self.facts]
        return [one for one in read if one]

    @property
    def is_computed(self) -> bool:
        """Return whether it is computed from facts: its sums or, for a composite, how its
        components vary together, which is known if they are about the same people."""
        if not self.parts:
            return self.facts is not None
        people = {field_at(one.model, one.people or "").related_model for one in self._all_facts}
        return len(people) == 1

    @property
    def all_facts(self) -> list[Facts]:
        """Return everything that is read to compute it, also for single days."""
        if not self.is_computed:
            return []
        read = [REGISTRY[part.key] for part in self.parts] or [self]
        return [facts for one in read for facts in (one.facts, one.facts_of_days) if facts]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return the keys of each pair of components."""
        return list(combinations((part.key for part in self.parts), 2))

    def facts_in(self, period: Period) -> Facts:
        """Return what it reads in a period; ValueError if it is combined from other KPIs."""
        facts = self.facts_of_days if period.is_one_day and self.facts_of_days else self.facts
        if facts is None:
            raise ValueError(f"{self.key} is combined from other KPIs and reads no facts.")
        return facts

    @property
    def has_monthly_target(self) -> bool:
        """Return whether the target only applies to the value of a calendar month."""
        return self.is_total or self.depends_on_length

    def value_of(self, sums: Sums) -> float | None:
        """Return total ÷ weight, or the total of a total; None when the weight is 0."""
        return sums.total if self.is_total else sums.value


REGISTRY: Registry[Indicator] = Registry("KPI")
TableFunction = Callable[[Period, Scope], Table]


class IndicatorOptions(TypedDict, total=False):
    """The optional arguments of `kpi` and `composite`: see `Indicator`."""

    higher_is_better: bool
    min_n: int
    version: int
    component_of: str
    is_additive: bool
    is_total: bool
    depends_on_length: bool
    companions: tuple[str, ...]
    always_by: str
    grain: Literal["day", "week"]
    changes_later: bool


class FactPaths(TypedDict, total=False):
    """The optional arguments that describe facts: see `Facts`."""

    until: str
    enrollment: str
    course: str
    run: str
    module: str
    person: str
    people: str
    reads: Mapping[type[Model], Link]
    sees_until_end: bool


class KpiOptions(IndicatorOptions, FactPaths, total=False):
    """The optional arguments of `kpi`."""


def kpi(
    key: str,
    title: LazyText,
    *,
    unit: Unit,
    facts: type[Model],
    at: str = "",
    target: float | None = None,
    **options: Unpack[KpiOptions],
) -> Callable[[RatioFunction], RatioFunction]:
    """Declare a KPI by what it reads, and a function from rows to a ratio.

    `facts` is the model of the rows and `at` the date by which a row belongs to a period. The
    function gets rows that are cut to the period, the scope and those who count, and, if it has a
    second parameter, the `Cut`. Pages and the API show its docstring as the definition.
    ValueError if the declaration cannot be right.
    """
    paths, others = _split(options)

    def declare(function: RatioFunction) -> RatioFunction:
        days = 7 if others.get("grain") == "week" else 1
        read = facts_declared(key, model=facts, at=at, ratio=function, row_days=days, **paths)
        declared = _new_indicator(key, title, unit, target, function, others)
        # rows without a course count for the site alone
        is_additive = declared.is_additive and read.names_every_course
        REGISTRY.register(key, replace(declared, facts=read, is_additive=is_additive))
        return function

    return declare


def _split(options: KpiOptions) -> tuple[FactPaths, IndicatorOptions]:
    names = FactPaths.__optional_keys__
    paths = {name: value for name, value in options.items() if name in names}
    others = {name: value for name, value in options.items() if name not in names}
    return cast(FactPaths, paths), cast(IndicatorOptions, others)


def for_single_days(
    key: str, *, facts: type[Model], at: str, **paths: Unpack[FactPaths]
) -> Callable[[RatioFunction], RatioFunction]:
    """Declare what a KPI reads for a single day, if that is not the same as for longer periods."""

    def declare(function: RatioFunction) -> RatioFunction:
        read = facts_declared(key, model=facts, at=at, ratio=function, **paths)
        REGISTRY[key] = replace(REGISTRY[key], facts_of_days=read)
        return function

    return declare


def composite(
    key: str,
    title: LazyText,
    *,
    unit: Unit,
    target: float | None = None,
    **options: Unpack[IndicatorOptions],
) -> Callable[[Callable[[], dict[str, str]]], None]:
    """Declare a KPI as the weighted mean of other KPIs.

    The function maps their keys to the keys of the parameters that hold their weights.
    """

    def declare(function: Callable[[], dict[str, str]]) -> None:
        parts = tuple(Part(part, weight) for part, weight in function().items())
        declared = _new_indicator(key, title, unit, target, function, options)
        REGISTRY.register(key, replace(declared, parts=parts))

    return declare


def _new_indicator(
    key: str,
    title: LazyText,
    unit: Unit,
    target: float | None,
    function: Callable[..., object],
    options: IndicatorOptions,
) -> Indicator:
    category, _, slug = key.partition(".")
    if not category or not slug or "." in slug:
        raise ValueError(f"{key}: a KPI's key should be its category, a dot and a name.")
    return Indicator(
        key=key,
        title=title,
        unit=unit,
        help=inspect.getdoc(function) or "",
        target=None if target is None else Decimal(str(target)),
        **options,
    )


def drill_down(
    kpi_key: str,
    key: str,
    title: LazyText,
    *,
    also: tuple[str, ...] = (),
    is_of_all_time: bool = False,
    has_runs: bool = True,
) -> Callable[[TableFunction], TableFunction]:
    """Add a table to a KPI: the function maps a period and a scope to its content."""

    def declare(function: TableFunction) -> TableFunction:
        definition = inspect.getdoc(function) or ""
        table = DrillDown(key, title, definition, function, also, is_of_all_time, has_runs)
        REGISTRY[kpi_key].drill_downs.register(key, table)
        return function

    return declare


def check_declarations() -> None:
    """Raise a ValueError for a KPI that cannot be computed; call it once all are declared."""
    for key, one in REGISTRY.items():
        for facts in (one.facts, one.facts_of_days):
            if facts and (problem := facts.problem()):
                raise ValueError(f"{key}: {problem}")
        for part in one.parts:
            if part.key not in REGISTRY or REGISTRY[part.key].facts is None:
                raise ValueError(f"{key}: {part.key} should be the key of a KPI that reads facts.")
            if part.weight not in parameters.DECLARED:
                raise ValueError(f"{key}: {part.weight} should be the key of a parameter.")
            if one.is_additive and not REGISTRY[part.key].is_additive:
                raise ValueError(f"{key}: is_additive should be False, because {part.key} is not.")


def of_category(category: str) -> list[Indicator]:
    return [one for one in REGISTRY.values() if one.category == category]


def headline(category: str) -> list[Indicator]:
    """Return the KPIs of a category, without the components of others."""
    return [one for one in of_category(category) if one.component_of is None]
