"""What the findings endpoint answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.api_models import ApiModel, may_be_absent
from curriculum.models import Course, CourseRun
from insights.finding import Finding, FindingCandidate, FindingKind
from kpis.api.response_models import KpiValue, names_of
from kpis.query.results import GroupObject


class FindingScope(ApiModel):
    by: Literal["course", "run", "module"]
    key: str
    title: str
    course: str = may_be_absent("Key of the course of a run or module.")


class FindingChange(ApiModel):
    value: float | None = Field(description="Since the previous period, in the KPI's unit.")
    ci_low: float | None = Field(description="Lower end of the 95% interval of the change.")
    ci_high: float | None = Field(description="Upper end of the 95% interval of the change.")
    previous: KpiValue


class FindingModel(ApiModel):
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
    difference: float | None = may_be_absent("Value minus target, in the KPI's unit.")
    change: FindingChange = may_be_absent()
    contribution: float | None = may_be_absent("Of a module to the gap of its course.")
    share_of_gap: float | None = may_be_absent("Share of the course's gap, from 0.")
    data_through: datetime = may_be_absent("Where stale data end.")

    @classmethod
    def of(cls, finding: Finding) -> FindingModel:
        fields: dict[str, Any] = {
            "kind": finding.kind,
            "is_good": finding.is_good,
            "order": finding.order,
            "category": finding.category,
            "kpi": None,
            "name": None,
            "scope": None,
            "sentence": finding.sentence,
            "url": finding.link,
        }
        if finding.stale_feed:
            fields["scope"] = _scope(finding.stale_feed.course)
            fields["data_through"] = finding.stale_feed.data_through
        if finding.candidate:
            fields |= _candidate_fields(finding.candidate)
        return cls(**fields)


class FindingList(ApiModel):
    count: int
    findings: list[FindingModel]


def _candidate_fields(candidate: FindingCandidate) -> dict[str, Any]:
    subject, change = candidate.subject, candidate.change
    indicator = subject.metric_value.indicator
    fields: dict[str, Any] = {
        "kpi": indicator.key,
        "name": indicator.name,
        "scope": _scope(subject.thing),
        "answer": KpiValue.of(subject.metric_value),
        "difference": subject.metric_value.difference,
    }
    if change:
        low, high = change.interval or (None, None)
        fields["change"] = FindingChange(
            value=_rounded(change.value),
            ci_low=indicator.unit.shown(low),
            ci_high=indicator.unit.shown(high),
            previous=KpiValue.of(change.before),
        )
    if candidate.is_of_module:
        fields["contribution"] = _rounded(subject.contribution)
        fields["share_of_gap"] = _rounded(subject.share_of_gap)
    return fields


def _scope(thing: GroupObject | None) -> FindingScope | None:
    if thing is None:
        return None
    names = names_of(thing)
    if isinstance(thing, Course):
        return FindingScope(by="course", **names)
    return FindingScope(by="run" if isinstance(thing, CourseRun) else "module", **names)


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
