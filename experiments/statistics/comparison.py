"""Compare a variant with the control: effect, interval and p-value, all of one method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import sqrt
from typing import Literal

from scipy.special import stdtr, stdtrit

from experiments.statistics import always_valid
from experiments.statistics.arms import ArmSums, Kind
from experiments.statistics.ratios import Difference, Estimate, difference
from experiments.statistics.relative import (
    Reach,
    Relative,
    of_scores,
    of_shares,
    relative,
    relative_effect,
)
from experiments.statistics.shares import Share, newcombe, newcombe_p, quantile, score, score_p

# with fewer successes or failures in a variant, the score interval is not exact enough
SMALL_COUNT = 15
# only how narrow the interval is depends on it, not whether it is right
PLANNED_BY_DEFAULT = 500

Horizon = Literal["fixed", "sequential"]


class Method(StrEnum):
    """What the interval and the p-value were computed by."""

    NONE = ""
    NEWCOMBE = "newcombe"
    SCORE = "score"
    WELCH = "welch"
    DELTA = "delta"
    WELCH_CUPED = "welch-cuped"
    DELTA_CUPED = "delta-cuped"
    ALWAYS_VALID = "always-valid"
    ALWAYS_VALID_CUPED = "always-valid-cuped"


class Unknown(StrEnum):
    """Why there is no effect, or an effect without an interval; empty if there are both."""

    NOTHING = ""
    NO_VALUE = "no-value"  # a variant without units, or with Σx = 0: there is no effect
    TOO_FEW = "too-few"  # fewer than two units; for a sequential result, than 10
    NO_VARIANCE = "no-variance"  # all units have the same value, or squares are beyond floats


@dataclass(frozen=True)
class Comparison:
    """A variant against the control; effects are treatment − control in the KPI's unit.

    What cannot be said is None, and `unknown` says why: low, high and p are known together. With
    `reduction`, the share of the variance removed by the values before (CUPED), values and effect
    are the adjusted ones. The relative interval is None if the control's value may well be 0.
    """

    n_control: int
    n_treatment: int
    control_value: float | None = None
    treatment_value: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    relative_effect: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None
    standard_error: float | None = None
    degrees_of_freedom: float | None = None
    reduction: float | None = None
    method: Method = Method.NONE
    unknown: Unknown = Unknown.NOTHING
    higher_is_better: bool = True

    @property
    def is_better(self) -> bool | None:
        """True or False if the whole interval is on one side of 0, None if it is not."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return None
        return (self.low > 0) == self.higher_is_better


def compare(
    control: ArmSums,
    treatment: ArmSums,
    kind: Kind,
    *,
    confidence: float = 0.95,
    method: Horizon | str = "fixed",
    planned_n: float | None = None,
    higher_is_better: bool = True,
) -> Comparison:
    """Compare at the end (fixed), or at any of many looks (sequential).

    A ratio whose units are each a success or a failure is compared as a share. Sequential results
    are the narrowest at `planned_n` units per variant; on average, if the variants differ.
    """
    if not 0 < confidence < 1:
        raise ValueError("A confidence lies between 0 and 1.")
    if kind == Kind.MEAN:
        control, treatment = control.per_unit, treatment.per_unit
    found = Comparison(
        control.n,
        treatment.n,
        control.value,
        treatment.value,
        higher_is_better=higher_is_better,
    )
    if found.control_value is None or found.treatment_value is None:
        return replace(found, unknown=Unknown.NO_VALUE)
    found = _with_effect(found, found.control_value, found.treatment_value)
    if method == "sequential":
        return _sequential(found, control, treatment, confidence, planned_n)
    differing = difference(control, treatment)
    is_adjusted = differing is not None and differing.reduction is not None
    if kind != Kind.MEAN and control.is_binary and treatment.is_binary and not is_adjusted:
        return _shares(found, control, treatment, confidence)
    if differing is None:
        return _unknown(found, control, treatment)
    return _means(found, differing, kind, confidence)


def _with_effect(found: Comparison, control: float, treatment: float) -> Comparison:
    return replace(
        found,
        control_value=control,
        treatment_value=treatment,
        effect=treatment - control,
        relative_effect=relative_effect(control, treatment),
    )


def _unknown(found: Comparison, control: ArmSums, treatment: ArmSums) -> Comparison:
    few = min(control.with_rows, treatment.with_rows) < 2
    return replace(found, unknown=Unknown.TOO_FEW if few else Unknown.NO_VARIANCE)


def _shares(
    found: Comparison, control: ArmSums, treatment: ArmSums, confidence: float
) -> Comparison:
    one, other = (Share(round(arm.y), round(arm.x)) for arm in (control, treatment))
    is_small = any(min(arm.successes, arm.failures) < SMALL_COUNT for arm in (one, other))
    z = quantile(confidence)
    low, high = (newcombe if is_small else score)(one, other, z)
    return replace(
        _with_relative(found, (of_shares if is_small else of_scores)(one, other, z)),
        low=low,
        high=high,
        p=(newcombe_p if is_small else score_p)(one, other),
        standard_error=sqrt(one.variance + other.variance),
        method=Method.NEWCOMBE if is_small else Method.SCORE,
    )


def _with_relative(found: Comparison, by: Relative | None) -> Comparison:
    if by is None:
        return found
    return replace(found, relative_effect=by.effect, relative_low=by.low, relative_high=by.high)


def _means(found: Comparison, by: Difference, kind: Kind, confidence: float) -> Comparison:
    freedom = by.degrees_of_freedom
    reach = -float(stdtrit(freedom, (1 - confidence) / 2))
    method = Method.WELCH if kind == Kind.MEAN else Method.DELTA
    if by.reduction is not None:
        method = Method.WELCH_CUPED if kind == Kind.MEAN else Method.DELTA_CUPED
    return replace(
        _within(found, by, reach),
        p=2 * float(stdtr(freedom, -abs(by.effect) / by.standard_error)),
        degrees_of_freedom=freedom,
        method=method,
    )


def _within(found: Comparison, by: Difference, reach: float) -> Comparison:
    """Return the effect with an interval of `reach` standard errors to each side."""
    found = _with_effect(found, by.control.value, by.treatment.value)
    ratio = relative(_reach(by.control, reach), _reach(by.treatment, reach))
    return replace(
        _with_relative(found, ratio),
        low=by.effect - reach * by.standard_error,
        high=by.effect + reach * by.standard_error,
        standard_error=by.standard_error,
        reduction=by.reduction,
    )


def _reach(estimate: Estimate, reach: float) -> Reach:
    distance = reach * sqrt(estimate.variance)
    return Reach(estimate.value, distance, distance)


def _sequential(
    found: Comparison,
    control: ArmSums,
    treatment: ArmSums,
    confidence: float,
    planned_n: float | None,
) -> Comparison:
    by = difference(control, treatment)
    if min(control.with_rows, treatment.with_rows) < always_valid.FEWEST_UNITS:
        return replace(found, unknown=Unknown.TOO_FEW)
    if by is None:
        return replace(found, unknown=Unknown.NO_VARIANCE)
    units = control.n + treatment.n
    rho2 = always_valid.tuning(2 * (planned_n or PLANNED_BY_DEFAULT), 1 - confidence)
    reach = always_valid.multiplier(units, rho2, 1 - confidence)
    return replace(
        _within(found, by, reach),
        p=always_valid.p_value(by.effect / by.standard_error, units, rho2),
        method=Method.ALWAYS_VALID if by.reduction is None else Method.ALWAYS_VALID_CUPED,
    )
