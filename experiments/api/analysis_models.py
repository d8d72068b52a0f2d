"""What the API says about an analysis; figures of small groups are null."""

from __future__ import annotations

from pydantic import Field

from core.api_models import ApiModel, one_of
from experiments.disclosure import Disclosure
from experiments.models import Analysis, AnalysisResult, Metric
from experiments.result_rows import figures_of
from experiments.sentences import sentence


class CountModel(ApiModel):
    """How many units a variant has, against the share that the weights promise."""

    variant: str
    assigned: int | None
    exposed: int | None
    expected: float | None = Field(description="Share of the exposed units, from 0 to 1.")


class ResultModel(ApiModel):
    """One KPI in one variant; effects are treatment − control in the KPI's unit."""

    kpi: str
    role: str = one_of(Metric.Role.values)
    variant: str
    is_control: bool
    kind: str | None
    n: int | None = Field(description="Units that count.")
    without_rows: int | None = Field(description="Units without any fact; they count with 0.")
    value: float | None
    effect: float | None = Field(description="Null for the control.")
    low: float | None = Field(description="Start of the interval; null: open, or not known.")
    high: float | None
    relative_effect: float | None = Field(description="As a share of the control's value.")
    relative_low: float | None
    relative_high: float | None
    p: float | None
    adjusted_p: float | None = Field(description="After Holm's correction.")
    method: str | None
    standard_error: float | None
    degrees_of_freedom: float | None
    reduction: float | None = Field(description="Share of the variance removed by CUPED.")
    margin: float | None
    outcome: str | None = Field(
        description=f"One of {', '.join(AnalysisResult.Outcome.values)}; null for the control."
    )
    sums: dict[str, float] | None = Field(description="Raw sums of the units, in facts.")
    is_suppressed: bool = Field(description="The figures are hidden to protect a small group.")

    @classmethod
    def of(cls, row: AnalysisResult, *, is_hidden: bool) -> ResultModel:
        return cls(
            kpi=row.kpi,
            role=row.role,
            variant=row.variant.key,
            is_control=row.variant.is_control,
            is_suppressed=is_hidden,
            **figures_of(row, is_hidden=is_hidden),
        )


class AnalysisModel(ApiModel):
    """One run of the analysis, with all results."""

    computed_at: str
    through: str = Field(description="Facts before this moment count.")
    night: str | None = Field(description="Day of the nightly analysis; null: on demand.")
    method: str
    verdict: str | None = Field(
        description=f"One of {', '.join(Analysis.Verdict.values)}; null if hidden."
    )
    variant: str | None = Field(description="The variant to ship, if the verdict says so.")
    sentence: str
    is_suppressed: bool = Field(
        description="The verdict, or all of it, is hidden to protect a small group."
    )
    sample_ratio_p: float | None = Field(
        description="How probable such numbers of units are, given the weights."
    )
    set_aside: int | None = Field(description="Units that were seen in two variants.")
    forced: int | None = Field(description="Exposed units with a forced variant.")
    uncounted: int | None = Field(description="Exposed staff and test accounts.")
    counts: list[CountModel]
    results: list[ResultModel]

    @classmethod
    def of(cls, row: Analysis, disclosure: Disclosure) -> AnalysisModel:
        """Describe an analysis; load its variant, and its results with their variants."""
        is_hidden, no_verdict = disclosure.hides(row), disclosure.hides_verdict(row)
        names = ("sample_ratio_p", "set_aside", "forced", "uncounted")
        figures = {name: None if is_hidden else getattr(row, name) for name in names}
        found = [
            ResultModel.of(one, is_hidden=disclosure.hides_kpi(row, one.kpi))
            for one in row.results.all()
        ]
        return cls(
            computed_at=row.computed_at.isoformat(),
            through=row.through.isoformat(),
            night=row.night.isoformat() if row.night else None,
            method=row.method,
            verdict=None if no_verdict else row.verdict,
            variant=row.variant.key if row.variant and not no_verdict else None,
            sentence=sentence(row, is_hidden=no_verdict),
            is_suppressed=no_verdict,
            counts=_counts(row, is_hidden=is_hidden),
            results=found,
            **figures,
        )


class AnalysisList(ApiModel):
    count: int
    next: str | None
    previous: str | None
    results: list[AnalysisModel]


class ResultsModel(ApiModel):
    """The results of the latest analysis."""

    experiment: str
    analysis: AnalysisModel | None = Field(description="Null before the first analysis.")


def _counts(row: Analysis, *, is_hidden: bool) -> list[CountModel]:
    return [
        CountModel(
            variant=key,
            assigned=None if is_hidden else row.assigned.get(key, 0),
            exposed=None if is_hidden else row.exposed.get(key, 0),
            expected=row.expected.get(key),
        )
        for key in dict.fromkeys((*row.expected, *row.assigned, *row.exposed))
    ]
