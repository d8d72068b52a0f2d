"""What the findings API answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.api_models import ApiModel, may_be_absent
from insights.finding import Change, Finding, FindingCandidate, FindingKind
from kpis.api.response_models import KpiValue, names_of
from kpis.definitions.units import Unit
from kpis.query.results import GroupObject


class FindingScope(ApiModel):
    by: Literal["course", "run", "module"]
    key: str
    title: str
    course: str = may_be_absent("Key of the course that a run or module belongs to.")

    @classmethod
    def of(cls, group: GroupObject) -> FindingScope:
        model: Any = group._meta.model_name
        return cls(by=model.removeprefix("course") or "course", **names_of(group))


class FindingChange(ApiModel):
    value: float | None = Field(description="Since the previous period, in the unit.")
    ci_low: float | None = Field(description="95% interval of the change.")
    ci_high: float | None
    previous: KpiValue

    @classmethod
    def of(cls, change: Change, unit: Unit) -> FindingChange:
        low, high = change.interval or (None, None)
        return cls(
            value=_rounded(change.value),
            ci_low=unit.shown(low),
            ci_high=unit.shown(high),
            previous=KpiValue.of(change.before),
        )


class FindingAnswer(ApiModel):
    kind: FindingKind
    is_good: bool
    order: int = Field(description="Rank of the kind; the lowest is most pressing.")
    category: str
    kpi: str | None = Field(description="Null for stale data.")
    name: str | None
    scope: FindingScope | None = Field(description="Null: everything the reader may see.")
    sentence: str
    url: str = Field(description="The page with the values.")
    answer: KpiValue = may_be_absent()
    difference: float | None = may_be_absent("Value minus target, in the unit.")
    change: FindingChange = may_be_absent()
    contribution: float | None = may_be_absent("Of a module to the gap of its course.")
    share_of_gap: float | None = may_be_absent("From 0.")
    data_through: datetime = may_be_absent("Where stale data end.")

    @classmethod
    def of(cls, finding: Finding) -> FindingAnswer:
        fields: dict[str, Any] = {"kpi": None, "name": None, "scope": None}
        if finding.stale_feed:
            course = finding.stale_feed.course
            fields["scope"] = FindingScope.of(course) if course else None
            fields["data_through"] = finding.stale_feed.data_through
        elif finding.candidate:
            fields |= _candidate_fields(finding.candidate)
        return cls(
            kind=finding.kind,
            is_good=finding.is_good,
            order=finding.order,
            category=finding.category,
            sentence=finding.sentence,
            url=finding.link,
            **fields,
        )


def _candidate_fields(candidate: FindingCandidate) -> dict[str, Any]:
    subject, metric_value = candidate.subject, candidate.subject.metric_value
    indicator = metric_value.indicator
    fields: dict[str, Any] = {
        "kpi": indicator.key,
        "name": indicator.name,
        "scope": FindingScope.of(subject.thing) if subject.thing else None,
        "answer": KpiValue.of(metric_value),
        "difference": metric_value.difference,
    }
    if candidate.change:
        fields["change"] = FindingChange.of(candidate.change, indicator.unit)
    if candidate.is_of_module:
        fields["contribution"] = _rounded(subject.contribution)
        fields["share_of_gap"] = _rounded(subject.share_of_gap)
    return fields


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)


class FindingsAnswer(ApiModel):
    count: int
    findings: list[FindingAnswer]
