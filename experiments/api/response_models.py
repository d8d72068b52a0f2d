"""What the API says about experiments: the plan, its checklist, the history."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from core.api_models import ApiModel, one_of
from curriculum import parameters
from curriculum.parameters import ParameterDefinition
from experiments import locked_plan
from experiments.api.analysis_models import AnalysisModel
from experiments.checklist import Item, checklist
from experiments.disclosure import disclosure_of
from experiments.models import Deviation, Experiment, ExperimentEvent, Metric, Variant
from kpis.definitions.registry import REGISTRY

# a number, share or duration; the label of a choice; whether a switch is on
TypedValue = bool | int | float | str


class VariantValueModel(ApiModel):
    parameter: str
    module: str | None = Field(
        description="As course/module; null: wherever the parameter applies."
    )
    value: TypedValue
    label: str = Field(description="The value with its unit, such as 7 days.")


class VariantModel(ApiModel):
    key: str
    name: str
    weight: float = Field(description="Share of the units, from 0 to 1.")
    is_control: bool
    values: list[VariantValueModel] = Field(description="Empty for the control.")

    @classmethod
    def of(cls, row: Variant, known: dict[str, ParameterDefinition]) -> VariantModel:
        values = []
        for one in row.values.all():
            definition = known.get(one.parameter_key)
            value = definition.value_type.as_json(one.value) if definition else float(one.value)
            values.append(
                VariantValueModel(
                    parameter=one.parameter_key,
                    module=f"{one.module.course.key}/{one.module.key}" if one.module else None,
                    value=value,
                    label=definition.written(one.value) if definition else str(one.value),
                )
            )
        return cls(
            key=row.key,
            name=str(row),
            weight=float(row.weight),
            is_control=row.is_control,
            values=values,
        )


class MetricModel(ApiModel):
    kpi: str
    role: str = one_of(Metric.Role.values)
    margin: float | None = Field(description="Of a guardrail, in the KPI's unit.")

    @classmethod
    def of(cls, row: Metric) -> MetricModel:
        return cls(kpi=row.kpi, role=row.role, margin=_in_unit(row.kpi, row.margin))


class LayerModel(ApiModel):
    name: str
    start: float = Field(description="The part of the layer, from 0 to 1.")
    end: float


class ItemModel(ApiModel):
    key: str
    label: str
    passed: bool
    sentence: str

    @classmethod
    def of(cls, item: Item) -> ItemModel:
        return cls(key=item.key, label=item.label, passed=item.passed, sentence=item.sentence)


class DeviationModel(ApiModel):
    at: str
    by: str | None = Field(description="Null: the product or an API key.")
    field: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]

    @classmethod
    def of(cls, row: Deviation) -> DeviationModel:
        return cls(
            at=row.at.isoformat(),
            by=row.by.email if row.by else None,
            field=row.field,
            reason=row.reason,
            before=row.before,
            after=row.after,
        )


class ExperimentEventModel(ApiModel):
    kind: str = one_of(ExperimentEvent.Kind.values)
    at: str
    by: str | None = Field(description="Null: the product or an API key.")
    api_key: str | None = Field(description="Name of the key; null: an account or the product.")
    reason: str

    @classmethod
    def of(cls, row: ExperimentEvent) -> ExperimentEventModel:
        return cls(
            kind=row.kind,
            at=row.at.isoformat(),
            by=row.by.email if row.by else None,
            api_key=row.after.get("api_key"),
            reason=row.reason,
        )


class ExperimentModel(ApiModel):
    key: str
    version: int = Field(description="Send it with an action: one about another is refused.")
    name: str
    hypothesis: str
    state: str = one_of(Experiment.State.values)
    unit: str = one_of(Experiment.Unit.values)
    method: str = one_of(Experiment.Method.values)
    courses: list[str] = Field(description="Without courses and runs: the whole site.")
    runs: list[str] = Field(description="As course/run.")
    only_new: bool
    track: str = one_of(Experiment.Track.values)
    variants: list[VariantModel]
    metrics: list[MetricModel]
    planned_effect: float | None = Field(description="In the primary KPI's unit.")
    planned_n: int | None = Field(description="Units per variant.")
    planned_end: str | None
    started_at: str | None
    stopped_at: str | None
    decided_at: str | None
    verdict: str | None = Field(
        description=f"What was decided: one of {', '.join(Experiment.Verdict.values)}."
    )
    shipped_variant: str | None
    decision_reason: str

    @classmethod
    def of(cls, row: Experiment, known: dict[str, ParameterDefinition]) -> ExperimentModel:
        return cls(**_fields_of(row, known))


class ExperimentDetail(ExperimentModel):
    layer: LayerModel | None
    holdout: float
    alpha: float
    power: float
    baseline_days: int
    underpowered_reason: str
    is_plan_intact: bool | None = Field(
        description="Whether the plan is the one that was locked at the start; null for a draft."
    )
    checklist: list[ItemModel] = Field(description="Of a draft.")
    analysis: AnalysisModel | None = Field(description="The latest one.")
    deviations: list[DeviationModel]
    forced: int = Field(description="Units with a forced variant, which no result counts.")
    history: list[ExperimentEventModel]

    @classmethod
    def of_one(cls, row: Experiment, *, sees_small_groups: bool) -> ExperimentDetail:
        last = row.analyses.select_related("variant").prefetch_related("results__variant").first()
        shown = [last] if last else []
        disclosure = disclosure_of(shown, sees_small_groups=sees_small_groups)
        return cls(
            **_fields_of(row, definitions()),
            layer=_layer(row),
            holdout=float(row.holdout),
            alpha=float(row.alpha),
            power=float(row.power),
            baseline_days=row.baseline_days,
            underpowered_reason=row.underpowered_reason,
            is_plan_intact=None if row.is_draft else locked_plan.is_intact(row),
            checklist=[ItemModel.of(one) for one in checklist(row)] if row.is_draft else [],
            analysis=AnalysisModel.of(last, disclosure) if last else None,
            deviations=[DeviationModel.of(one) for one in row.deviations.select_related("by")],
            forced=row.forced_variants.count(),
            history=[ExperimentEventModel.of(one) for one in row.events.select_related("by")],
        )


class ExperimentList(ApiModel):
    count: int
    next: str | None
    previous: str | None
    results: list[ExperimentModel]


def definitions() -> dict[str, ParameterDefinition]:
    return dict(parameters.load_all(retired=True))


def _fields_of(row: Experiment, known: dict[str, ParameterDefinition]) -> dict[str, Any]:
    metrics = list(row.metrics.all())
    primary = next((one.kpi for one in metrics if one.role == Metric.Role.PRIMARY), "")
    copied = (
        "key", "version", "name", "hypothesis", "state", "unit", "method", "only_new", "track",
        "planned_n", "decision_reason",
    )  # fmt: skip
    moments = ("planned_end", "started_at", "stopped_at", "decided_at")
    return {
        **{name: getattr(row, name) for name in copied},
        **{name: _iso(getattr(row, name)) for name in moments},
        "courses": [one.key for one in row.courses.all()],
        "runs": [f"{one.course.key}/{one.key}" for one in row.runs.all()],
        "variants": [VariantModel.of(one, known) for one in row.variants.all()],
        "metrics": [MetricModel.of(one) for one in metrics],
        "planned_effect": _in_unit(primary, row.planned_effect),
        "verdict": row.verdict or None,
        "shipped_variant": row.shipped_variant.key if row.shipped_variant else None,
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def _layer(row: Experiment) -> LayerModel | None:
    if row.layer is None or row.layer_from is None or row.layer_to is None:
        return None
    return LayerModel(name=row.layer.name, start=float(row.layer_from), end=float(row.layer_to))


def _in_unit(kpi: str, value: float | None) -> float | None:
    """Return a value in the KPI's unit: percentages from 0 to 100."""
    if value is None or kpi not in REGISTRY:
        return value
    return value * REGISTRY[kpi].unit.scale
