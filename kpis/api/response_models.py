"""What the KPI endpoints answer with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import Field

from core.api_models import ApiList, ApiModel, may_be_absent, one_of
from curriculum.models import CourseRun, Learner, Module
from kpis.definitions.periods import Period
from kpis.definitions.registry import DrillDown, Indicator, Table
from kpis.definitions.units import Unit
from kpis.models import PeriodKind, Target
from kpis.query.results import GroupObject, GroupResult, KpiResult, MetricValue

Status = Literal[
    "ok",
    "provisional",
    "low_n",
    "suppressed",
    "no_data",
    "not_mature",
    "stale",
    "pending",
    "error",
]
STATUSES: tuple[str, ...] = get_args(Status)


class KpiDescription(ApiModel):
    kpi: str
    name: str
    category: str
    unit: str
    definition: str
    definition_version: int
    higher_is_better: bool
    component_of: str | None
    is_total: bool = Field(description="The value is a sum itself, not a quotient.")
    target: float | None
    url: str
    drill_downs: list[str]

    @classmethod
    def of(cls, indicator: Indicator, target: Target | None) -> KpiDescription:
        return cls(
            kpi=indicator.key,
            name=indicator.name,
            category=indicator.category,
            unit=indicator.unit.key,
            definition=indicator.help,
            definition_version=indicator.version,
            higher_is_better=indicator.higher_is_better,
            component_of=indicator.component_of,
            is_total=indicator.is_total,
            target=None if target is None else float(target.value),
            url=indicator.api_url,
            drill_downs=list(indicator.drill_downs),
        )


class KpiDescriptions(ApiList[KpiDescription]):
    pass


class KpiValue(ApiModel):
    value: float | None = Field(description="Shares in percent, 0–100.")
    numerator: float | None
    denominator: float | None
    n: int | None = Field(description="Number of observations behind the value.")
    ci_low: float | None = Field(description="Lower end of the 95% interval.")
    ci_high: float | None = Field(description="Upper end of the 95% interval.")
    status: Status
    unit: str
    period_start: datetime = Field(description="First moment of the period.")
    period_end: datetime = Field(description="First moment after the period.")
    tz: str = Field(description="IANA time zone of the periods.")
    definition_version: int
    target: float | None = Field(description="The target in force in the period.")
    target_version: int | None
    computed_at: datetime | None
    data_through: datetime | None
    restated_at: datetime | None

    @classmethod
    def of(cls, metric: MetricValue) -> KpiValue:
        return cls(**_fields_of(metric))


def _fields_of(metric: MetricValue) -> dict[str, Any]:
    low, high = metric.interval or (None, None)
    unit, target = metric.indicator.unit, metric.target
    return {
        "value": metric.shown,
        "numerator": metric.numerator if metric.is_shown else None,
        "denominator": metric.denominator if metric.is_shown else None,
        "n": metric.sums.n if metric.status != "suppressed" else None,
        "ci_low": unit.shown(low),
        "ci_high": unit.shown(high),
        "status": metric.status,
        "unit": unit.key,
        "period_start": metric.period.start,
        "period_end": metric.period.whole_end,
        "tz": metric.period.zone.key,
        "definition_version": metric.indicator.version,
        "target": None if target is None else float(target.value),
        "target_version": None if target is None else target.version,
        "computed_at": metric.computed_at,
        "data_through": metric.data_through,
        "restated_at": metric.restated_at,
    }


class NamedObject(ApiModel):
    key: str = Field(description="Key of the course, run, module, learner or component.")
    title: str
    course: str = may_be_absent("Key of the course that a run or module belongs to.")


class NamedValue(KpiValue, NamedObject):
    """The value of one group or component."""

    @classmethod
    def of_component(cls, metric: MetricValue) -> NamedValue:
        indicator = metric.indicator
        return cls(key=indicator.key, title=indicator.name, **_fields_of(metric))

    @classmethod
    def of_group(cls, result: GroupResult) -> NamedValue:
        return cls(**names_of(result.group), **_fields_of(result.answer))


def names_of(group: GroupObject) -> dict[str, Any]:
    """Return the fields of a `NamedObject`; learners are named by their keys only."""
    names = {"key": group.key, "title": title_of(group)}
    return names | {"course": group.course.key} if isinstance(group, CourseRun | Module) else names


def title_of(group: GroupObject) -> str:
    return group.key if isinstance(group, Learner) else str(group)


class WindowComparison(ApiModel):
    value: float | None
    difference: float | None = Field(description="Value of the window minus this one.")
    answer: KpiValue = Field(description="The earlier window in full.")


class Comparison(ApiModel):
    to: Literal["previous", "last-year", "target"]
    value: float | None
    difference: float | None = Field(description="Current value minus this one.")
    answer: KpiValue = may_be_absent("The earlier period in full.")
    window: WindowComparison = may_be_absent("The same for the window, if there is one.")

    @classmethod
    def of(cls, result: KpiResult) -> Comparison:
        if result.query.compare == "target":
            target = result.current.target
            value = None if target is None else float(target.value)
            return cls(to="target", value=value, difference=result.current.difference)
        optional, before = dict[str, Any](), result.window_before
        if before:
            optional["window"] = WindowComparison(
                value=before.shown, difference=result.change_of_window, answer=KpiValue.of(before)
            )
        return cls(
            to="last-year" if result.query.compare == "last-year" else "previous",
            value=result.earlier.shown,
            difference=result.change,
            answer=KpiValue.of(result.earlier),
            **optional,
        )


class KpiAnswer(ApiModel):
    kpi: str
    name: str
    unit: str
    period: str = one_of(PeriodKind.values)
    current: KpiValue = Field(
        description="The period that `dates` names, else the last that is over."
    )
    series: list[KpiValue]
    window: KpiValue = may_be_absent(
        "All days from `from` to `to` or of `dates`, if they are not one period."
    )
    groups: list[NamedValue] = may_be_absent("One value per group, if `by` is given.")
    components: list[NamedValue] = may_be_absent("For composites and KPIs with companions.")
    comparison: Comparison = may_be_absent("If `compare` is given.")

    @classmethod
    def of(cls, result: KpiResult) -> KpiAnswer:
        query, optional = result.query, dict[str, Any]()
        if result.window:
            optional["window"] = KpiValue.of(result.window)
        if query.by:
            optional["groups"] = [NamedValue.of_group(one) for one in result.groups]
        if result.components:
            optional["components"] = [NamedValue.of_component(one) for one in result.components]
        if query.compare in ("previous", "last-year", "target"):
            optional["comparison"] = Comparison.of(result)
        return cls(
            kpi=result.indicator.key,
            name=result.indicator.name,
            unit=result.indicator.unit.key,
            period=query.kind,
            current=KpiValue.of(result.current),
            series=[KpiValue.of(one) for one in result.series],
            **optional,
        )


class DrillDownColumn(ApiModel):
    key: str
    label: str
    unit: str


class DrillDownTable(ApiModel):
    kpi: str
    drill_down: str
    name: str
    definition: str
    period_start: datetime
    period_end: datetime
    tz: str
    columns: list[DrillDownColumn]
    rows: list[dict[str, Any]]

    @classmethod
    def of(
        cls, indicator: Indicator, drill: DrillDown, table: Table, period: Period
    ) -> DrillDownTable:
        return cls(
            kpi=indicator.key,
            drill_down=drill.key,
            name=drill.name,
            definition=drill.help,
            period_start=period.start,
            period_end=period.whole_end,
            tz=period.zone.key,
            columns=[
                DrillDownColumn(key=one.key, label=one.label, unit=one.unit.key)
                for one in table.columns
            ],
            rows=table_rows(table),
        )


def table_rows(table: Table) -> list[dict[str, Any]]:
    """Return the rows by column key, in display units; suppressed rows only keep their names."""
    return [
        {column.key: _in_unit(row.get(column.key), column.unit) for column in table.columns}
        | ({"status": "suppressed"} if row.get("is_hidden") else {})
        for row in table.rows
    ]


def _in_unit(value: Any, unit: Unit) -> Any:
    return unit.shown(value) if isinstance(value, int | float) else value


def result_rows(result: KpiResult) -> Sequence[dict[str, Any]]:
    """Return the rows of a CSV: one per group if there are groups, otherwise one per period."""
    values: Sequence[KpiValue] = (
        [NamedValue.of_group(one) for one in result.groups]
        if result.query.by
        else [KpiValue.of(one) for one in result.series]
    )
    return [{"kpi": result.indicator.key, **one.as_json()} for one in values]
