"""What the adjustment endpoints answer with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from core.api_models import ApiModel, one_of
from curriculum.models import Parameter
from improvement import effects
from improvement.effects import GuardResult, results
from improvement.models import Adjustment, AdjustmentEvent
from improvement.shipped_rules import display_name
from improvement.suppressed_adjustments import ShownAdjustment
from kpis.definitions.registry import REGISTRY

OUTCOMES = (
    results.IMPROVED,
    results.WORSENED,
    results.UNCERTAIN,
    results.TOO_FEW,
    results.NOT_MEASURABLE,
)
# a number, share or duration; the label of a choice; whether a switch is on
TypedValue = bool | int | float | str


STATUSES: tuple[str, ...] = tuple(Adjustment.Status.values)


class AdjustmentRuleModel(ApiModel):
    id: int
    name: str


class EffectModel(ApiModel):
    """The measured effect on the KPI, in the KPI's unit; null where it is unknown or hidden."""

    outcome: str | None = Field(description=f"One of {', '.join(OUTCOMES)}; null if hidden.")
    value: float | None = Field(description="The effect, after what would have come by itself.")
    ci_low: float | None = Field(description="Null: open, or not known.")
    ci_high: float | None
    before: float | None = Field(description="The KPI in the days before the change.")
    after: float | None = Field(description="The KPI in the days after it.")
    n_before: int | None
    n_after: int | None
    unchanged: int | None = Field(
        description="How many unchanged courses or modules it is set against."
    )
    unchanged_difference: float | None = Field(description="How much the KPI changed there.")
    is_suppressed: bool = Field(description="The figures are hidden to protect a small group.")
    sentence: str

    @classmethod
    def of(cls, shown: ShownAdjustment) -> EffectModel | None:
        found = shown.effect
        if found is None:
            return None
        scale = REGISTRY[found.kpi].unit.scale if found.kpi in REGISTRY else 1
        figures: dict[str, Any] = {
            "outcome": found.outcome,
            "value": _scaled(found.value, scale),
            "ci_low": _scaled(found.low, scale),
            "ci_high": _scaled(found.high, scale),
            "before": _scaled(found.before.value, scale) if found.before else None,
            "after": _scaled(found.after.value, scale) if found.after else None,
            "n_before": found.before.n if found.before else None,
            "n_after": found.after.n if found.after else None,
            "unchanged": found.controls,
            "unchanged_difference": _scaled(found.controls_change, scale),
        }
        if shown.is_effect_hidden:
            figures = dict.fromkeys(figures)
        return cls(**figures, is_suppressed=shown.is_effect_hidden, sentence=shown.effect_sentence)


class WorsenedModel(ApiModel):
    """The guard KPI that got worse after the change."""

    kpi: str
    sentence: str


class AdjustmentModel(ApiModel):
    id: int
    version: int = Field(description="Send it with a decision: one about another is refused.")
    status: str = one_of(STATUSES)
    parameter: str = Field(description="Key of the parameter.")
    name: str = Field(description="Name of the parameter.")
    course: str | None = Field(description="Key of the course; null for the whole site.")
    run: str | None = Field(description="Key of the run, if the value is that of a run.")
    module: str | None = Field(description="Key of the module, if the value is that of a module.")
    place: str = Field(description="The course, run or module, as it was called at the time.")
    old_value: TypedValue
    new_value: TypedValue
    label: str = Field(description="Both values with their unit, such as 7 → 9 days.")
    kpi: str
    rule: AdjustmentRuleModel | None = Field(description="Null: proposed by a person.")
    alert: int | None
    alert_value: float | None = Field(description="The KPI when it was proposed; null if hidden.")
    alert_target: float | None
    alert_period_start: date | None = Field(description="First day of the period of these figures.")
    is_suppressed: bool = Field(
        description="The alert's figures are hidden to protect a small group."
    )
    reason: str
    proposed_at: datetime
    proposed_by: str | None
    is_automatic: bool = Field(description="Approved by its rule.")
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str
    applies_from: datetime | None
    watch_days: int
    watch_until: datetime | None
    guard_kpis: list[str]
    worsened: WorsenedModel | None
    effect: EffectModel | None = Field(description="Null until it is measured.")
    effect_computed_at: datetime | None
    revert_proposed_at: datetime | None
    closed_at: datetime | None
    url: str = Field(description="The page of the adjustment.")

    @classmethod
    def of(cls, shown: ShownAdjustment) -> AdjustmentModel:
        return cls(**_fields_of(shown))


class AdjustmentEventModel(ApiModel):
    kind: str = one_of(AdjustmentEvent.Kind.values)
    at: datetime
    by: str | None = Field(description="Null: the product.")
    why: str

    @classmethod
    def of(cls, event: AdjustmentEvent, shown: ShownAdjustment) -> AdjustmentEventModel:
        return cls(
            kind=event.kind,
            at=event.at,
            by=event.by.email if event.by else None,
            why=shown.reason_of(event),
        )


class AdjustmentDetail(AdjustmentModel):
    history: list[AdjustmentEventModel]

    @classmethod
    def of(cls, shown: ShownAdjustment) -> AdjustmentDetail:
        events = shown.adjustment.events.select_related("by")
        history = [AdjustmentEventModel.of(one, shown) for one in events]
        return cls(**_fields_of(shown), history=history)


class AdjustmentList(ApiModel):
    count: int
    next: str | None
    previous: str | None
    results: list[AdjustmentModel]


def models_of(shown: Iterable[ShownAdjustment]) -> list[AdjustmentModel]:
    return [AdjustmentModel.of(one) for one in shown]


COPIED = (
    "version", "status", "kpi", "place", "alert_period_start", "proposed_at", "is_automatic",
    "decided_at", "decision_reason", "applies_from", "watch_days", "watch_until", "guard_kpis",
    "effect_computed_at", "revert_proposed_at", "closed_at",
)  # fmt: skip


def _fields_of(shown: ShownAdjustment) -> dict[str, Any]:
    row = shown.adjustment
    parameter, rule = row.parameter, row.rule
    is_hidden = shown.is_alert_hidden
    return {name: getattr(row, name) for name in COPIED} | {
        "id": row.pk,
        "parameter": row.parameter_key,
        "name": parameter.display_name if parameter else row.parameter_key,
        "course": row.course.key if row.course else None,
        "run": parameter.run.key if parameter and parameter.run else None,
        "module": parameter.module.key if parameter and parameter.module else None,
        "old_value": _typed(row.old_value, parameter),
        "new_value": _typed(row.new_value, parameter),
        "label": row.values,
        "rule": AdjustmentRuleModel(id=rule.pk, name=display_name(rule)) if rule else None,
        "alert": row.alert_id,
        "alert_value": None if is_hidden else row.alert_value,
        "alert_target": None if is_hidden else row.alert_target,
        "is_suppressed": is_hidden,
        "reason": shown.reason,
        "proposed_by": row.proposed_by.email if row.proposed_by else None,
        "decided_by": row.decided_by.email if row.decided_by else None,
        "worsened": _worsened(shown),
        "effect": EffectModel.of(shown),
        "url": f"/curriculum-adjustments/{row.pk}",
    }


def _typed(value: Decimal, parameter: Parameter | None) -> TypedValue:
    return parameter.value_type.as_json(value) if parameter else float(value)


def _worsened(shown: ShownAdjustment) -> WorsenedModel | None:
    stored = shown.adjustment.guard_result
    if not stored:
        return None
    found = GuardResult.from_json(stored)
    sees_small = shown.service.reader.sees_small_groups
    sentence = effects.guard_sentence(found, sees_small_groups=sees_small)
    return WorsenedModel(kpi=found.kpi, sentence=sentence)


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
