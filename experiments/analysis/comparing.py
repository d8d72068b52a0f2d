"""Compare the variants with the control, KPI by KPI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from experiments.models import AnalysisResult, Experiment, Metric, Variant
from experiments.statistics import (
    ArmSums,
    BeforeSums,
    Comparison,
    Kind,
    compare,
    holm,
    non_inferiority,
)
from kpis.aggregation.unit_sums import SumsBefore, UnitSums
from kpis.definitions.registry import REGISTRY, Indicator

Role, Outcome = Metric.Role, AnalysisResult.Outcome
NOTHING = UnitSums()


@dataclass(frozen=True)
class Compared:
    """One KPI in one variant; `comparison` is None for the control, and if nothing can be said."""

    metric: Metric
    variant: Variant
    kind: Kind
    sums: UnitSums
    comparison: Comparison | None = None
    adjusted_p: float | None = None
    outcome: str = ""

    @property
    def indicator(self) -> Indicator:
        return REGISTRY[self.metric.kpi]

    @property
    def value(self) -> float | None:
        return self.sums.mean_total if self.kind is Kind.MEAN else self.sums.value


def compare_all(
    experiment: Experiment,
    metrics: Sequence[Metric],
    variants: Sequence[Variant],
    sums: Mapping[str, Mapping[int, UnitSums]],
    *,
    is_early: bool = False,
) -> list[Compared]:
    """Compare each variant with the control by each KPI, given the sums by KPI and variant (id).

    The p-values of primary and secondary KPIs, of all variants together, are adjusted by Holm's
    method; guardrails are tests of their own, each against its margin. Nothing but guardrails has
    an outcome when it `is_early` for that.
    """
    found = [
        one
        for metric in metrics
        for one in _of_metric(experiment, metric, variants, sums[metric.kpi])
    ]
    tested = [one for one in found if one.comparison and one.metric.role != Role.GUARDRAIL]
    adjusted = holm([one.comparison.p for one in tested if one.comparison])
    by_test = {id(one): p for one, p in zip(tested, adjusted, strict=True)}
    alpha = float(experiment.alpha)
    return [_with_outcome(one, by_test.get(id(one)), alpha, is_early=is_early) for one in found]


def _of_metric(
    experiment: Experiment,
    metric: Metric,
    variants: Sequence[Variant],
    sums: Mapping[int, UnitSums],
) -> Iterator[Compared]:
    indicator = REGISTRY[metric.kpi]
    control = next(one for one in variants if one.is_control)
    base = arm_sums(sums.get(control.pk, NOTHING))
    for variant in variants:
        own = sums.get(variant.pk, NOTHING)
        kind = _kind(indicator, base, arm_sums(own))
        if variant == control:
            yield Compared(metric, variant, kind, own)
            continue
        found = compare(
            base,
            arm_sums(own),
            kind,
            confidence=1 - float(experiment.alpha),
            method=experiment.method,
            planned_n=_planned_n(experiment, control, variant),
            higher_is_better=indicator.higher_is_better,
        )
        yield Compared(metric, variant, kind, own, None if found.p is None else found)


def _planned_n(experiment: Experiment, control: Variant, treatment: Variant) -> float | None:
    """Return the planned units of these two variants, on average; None if there is no plan.

    The plan is that of the smallest variant. The weights are those of the start: the always-valid
    interval is always tuned to the same number.
    """
    if not experiment.planned_n:
        return None
    weights = {one["key"]: float(one["weight"]) for one in (experiment.plan or {})["variants"]}
    mean = (weights[control.key] + weights[treatment.key]) / 2
    return experiment.planned_n * mean / min(weights.values())


def _kind(indicator: Indicator, control: ArmSums, treatment: ArmSums) -> Kind:
    if indicator.is_total:
        return Kind.MEAN
    return Kind.SHARE if control.is_binary and treatment.is_binary else Kind.RATIO


def arm_sums(sums: UnitSums) -> ArmSums:
    """Return the sums of a variant as the statistics read them."""
    spread, before = sums.spread, sums.before
    return ArmSums(
        n=sums.n,
        y=sums.total,
        x=sums.weight,
        yy=spread.yy,
        xx=spread.xx,
        xy=spread.xy,
        without_rows=sums.without_rows,
        before=_before(before) if before else None,
    )


def _before(sums: SumsBefore) -> BeforeSums:
    return BeforeSums(
        y0=sums.total,
        x0=sums.weight,
        y0y0=sums.y0y0,
        x0x0=sums.x0x0,
        x0y0=sums.x0y0,
        yy0=sums.yy0,
        yx0=sums.yx0,
        xy0=sums.xy0,
        xx0=sums.xx0,
    )


def _with_outcome(
    one: Compared, adjusted_p: float | None, alpha: float, *, is_early: bool
) -> Compared:
    if one.variant.is_control:
        return one
    if one.comparison is None:
        return replace(one, outcome=Outcome.NO_DATA)
    better = one.indicator.higher_is_better
    if one.metric.role == Role.GUARDRAIL:
        margin = one.metric.margin or 0.0
        return replace(
            one, outcome=non_inferiority(one.comparison, margin, higher_is_better=better)
        )
    if is_early:
        return replace(one, adjusted_p=adjusted_p, outcome=Outcome.TOO_EARLY)
    effect = one.comparison.effect or 0.0
    if adjusted_p is None or adjusted_p >= alpha or not effect:
        return replace(one, adjusted_p=adjusted_p, outcome=Outcome.UNCLEAR)
    is_better = (effect > 0) == better
    outcome = Outcome.BETTER if is_better else Outcome.WORSE
    return replace(one, adjusted_p=adjusted_p, outcome=outcome)
