"""What an analysis says: ship, stop, inconclusive, invalid, or too early; and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import reporting_clock
from experiments.analysis.comparing import Compared
from experiments.analysis.units import Counts
from experiments.models import Analysis, AnalysisResult, Experiment, Metric, Variant
from kpis.definitions.periods import local_day, midnight

# below it, the numbers of units contradict the weights
MISMATCH = 0.001
Outcome, Role, Says = AnalysisResult.Outcome, Metric.Role, Analysis.Verdict


@dataclass(frozen=True)
class Verdict:
    """The verdict; `why` is what its sentence says, from which it is written in any language."""

    verdict: str
    why: dict[str, Any]
    variant: Variant | None = None


@dataclass(frozen=True)
class Findings:
    """What the verdict follows from."""

    experiment: Experiment
    counts: Counts
    sample_ratio_p: float | None
    compared: Sequence[Compared]
    through: datetime

    def of(self, variant: Variant, role: str) -> list[Compared]:
        return [one for one in self.compared if one.variant == variant and one.metric.role == role]

    @property
    def treatments(self) -> list[Variant]:
        """The variants other than the control, in their order."""
        return list(
            dict.fromkeys(one.variant for one in self.compared if not one.variant.is_control)
        )


def verdict_of(found: Findings) -> Verdict:
    """Return what the analysis says.

    A sample-ratio mismatch makes everything invalid. Nothing is called significant before its
    time, see `is_before_its_time`; an always-valid method may be read at any moment.
    """
    if found.sample_ratio_p is not None and found.sample_ratio_p < MISMATCH:
        return Verdict(Says.INVALID, {"code": "mismatch", "p": found.sample_ratio_p})
    if not found.counts.smallest:
        return Verdict(Says.TOO_EARLY, {"code": "no-units"})
    if is_before_its_time(found.experiment, found.counts, found.through):
        return _before_its_time(found)
    if decided := _decided(found):
        return decided
    if found.experiment.is_running and not _is_complete(found):
        return Verdict(Says.TOO_EARLY, {"code": "open", **_sizes(found)})
    return Verdict(Says.INCONCLUSIVE, _why_open(found))


def is_before_its_time(experiment: Experiment, counts: Counts, through: datetime) -> bool:
    """Return whether a fixed horizon has not been reached, so that nothing may be concluded.

    It is reached at the planned end, or earlier by a stop with the planned units. Units alone do
    not reach it: whoever may choose the day of the result would choose a lucky one.
    """
    if experiment.method != Experiment.Method.FIXED or _has_ended(experiment, through):
        return False
    return experiment.is_running or not _has_planned_units(experiment, counts)


def its_time(experiment: Experiment) -> datetime | None:
    """Return the moment from which facts change no result of a fixed horizon."""
    if experiment.method != Experiment.Method.FIXED or experiment.planned_end is None:
        return None
    return midnight(experiment.planned_end, reporting_clock.reporting_zone())


def _has_ended(experiment: Experiment, through: datetime) -> bool:
    day = local_day(through, reporting_clock.reporting_zone())
    return experiment.planned_end is not None and day >= experiment.planned_end


def _has_planned_units(experiment: Experiment, counts: Counts) -> bool:
    return bool(experiment.planned_n) and counts.smallest >= (experiment.planned_n or 0)


def _is_complete(found: Findings) -> bool:
    experiment = found.experiment
    return _has_ended(experiment, found.through) or _has_planned_units(experiment, found.counts)


def _sizes(found: Findings) -> dict[str, Any]:
    end = found.experiment.planned_end
    return {
        "n": found.counts.smallest,
        "planned_n": found.experiment.planned_n,
        "planned_end": end and end.isoformat(),
    }


def _before_its_time(found: Findings) -> Verdict:
    if found.experiment.is_running:
        code = "units-are-there" if _is_complete(found) else "before-its-time"
        return Verdict(Says.TOO_EARLY, {"code": code, **_sizes(found)})
    return Verdict(Says.INCONCLUSIVE, {"code": "stopped-early", **_sizes(found)})


def _decided(found: Findings) -> Verdict | None:
    """Return ship for the best variant that is better and passes, stop if none is left."""
    passing, harmful = [], []
    for variant in found.treatments:
        primary = found.of(variant, Role.PRIMARY)[0]
        guardrails = [one.outcome for one in found.of(variant, Role.GUARDRAIL)]
        if Outcome.FAILS in guardrails or primary.outcome == Outcome.WORSE:
            harmful.append(variant)
        elif primary.outcome == Outcome.BETTER and set(guardrails) <= {Outcome.PASSES}:
            passing.append(primary)
    if passing:
        best = max(passing, key=_gain)
        return Verdict(Says.SHIP, {"code": "better", **_figures(best)}, best.variant)
    if len(harmful) == len(found.treatments):
        return Verdict(Says.STOP, _harm(found, harmful[0]))
    return None


def _gain(one: Compared) -> float:
    effect = (one.comparison and one.comparison.effect) or 0.0
    return effect if one.indicator.higher_is_better else -effect


def _harm(found: Findings, variant: Variant) -> dict[str, Any]:
    failed = [one for one in found.of(variant, Role.GUARDRAIL) if one.outcome == Outcome.FAILS]
    if failed:
        return {"code": "guardrail", **_figures(failed[0])}
    return {"code": "worse", **_figures(found.of(variant, Role.PRIMARY)[0])}


def _why_open(found: Findings) -> dict[str, Any]:
    for variant in found.treatments:
        primary = found.of(variant, Role.PRIMARY)[0]
        unclear = [
            one for one in found.of(variant, Role.GUARDRAIL) if one.outcome != Outcome.PASSES
        ]
        if primary.outcome == Outcome.BETTER and unclear:
            return {"code": "guardrail-unclear", **_figures(unclear[0])}
    primary = found.of(found.treatments[0], Role.PRIMARY)[0]
    code = "no-data" if primary.comparison is None else "unclear"
    return {"code": code, **_figures(primary)}


def _figures(one: Compared) -> dict[str, Any]:
    """Return what a sentence needs: the KPI, the variant, the effect and its interval."""
    names = {"kpi": one.metric.kpi, "variant": one.variant.key, "margin": one.metric.margin}
    if one.comparison is None:
        return names
    found = one.comparison
    return {
        **names,
        "effect": found.effect,
        "low": found.low,
        "high": found.high,
        "p": found.p if one.adjusted_p is None else one.adjusted_p,
    }
