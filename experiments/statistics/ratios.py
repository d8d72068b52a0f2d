"""The difference of two ratios Σy ÷ Σx, or means, with its variance by the delta method."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

from experiments.statistics.arms import NO_VARIANCE, ArmSums

# an adjustment estimated from fewer units adds about as much uncertainty as it removes
FEWEST_ADJUSTED = 20


@dataclass(frozen=True)
class Estimate:
    """The value of one variant, the variance of this value, and the units it is known from."""

    value: float
    variance: float
    units: int


@dataclass(frozen=True)
class Difference:
    """Treatment − control. `reduction` is the share of the variance that CUPED removed."""

    control: Estimate
    treatment: Estimate
    reduction: float | None = None

    @property
    def effect(self) -> float:
        return self.treatment.value - self.control.value

    @property
    def variance(self) -> float:
        return self.control.variance + self.treatment.variance

    @property
    def standard_error(self) -> float:
        return sqrt(self.variance)

    @property
    def degrees_of_freedom(self) -> float:
        """By B. L. Welch (Biometrika 34, 1947, 28–35), as in R's t.test."""
        # relative to the sum, so that squares of tiny variances do not become 0
        shares = [(one.variance / self.variance, one.units) for one in self._arms]
        return 1 / sum(share**2 / (units - 1) for share, units in shares)

    @property
    def _arms(self) -> tuple[Estimate, Estimate]:
        return self.control, self.treatment


def difference(control: ArmSums, treatment: ArmSums) -> Difference | None:
    """Return treatment − control, adjusted by the values before if this makes it more certain.

    None if nothing varies, or if fewer than two units of a variant have rows. Both variants need a
    positive Σx.
    """
    if min(control.with_rows, treatment.with_rows) < 2:
        return None
    plain = Difference(_estimate(control), _estimate(treatment))
    if not 0 < plain.variance < inf:
        return None
    return _adjusted(control, treatment, plain) or plain


def _estimate(arm: ArmSums) -> Estimate:
    """Return Σy ÷ Σx with its variance by the delta method.

    A. Deng, U. Knoblich and J. Lu, "Applying the Delta Method in Metric Analytics" (KDD 2018),
    section 3.1: n ÷ (n − 1) · Σ(y − r·x)² ÷ (Σx)². With x = 1 this is s² ÷ n.
    """
    units = arm.with_rows
    value = arm.y / arm.x
    squares = _squares(arm.yy, arm.xy, arm.xx, value)
    # one division after the other, as the square of Σx may be too large or too small
    return Estimate(value, squares / arm.x / arm.x * units / (units - 1), units)


def unit_variance(arm: ArmSums) -> float | None:
    """Return the variance of one unit's part in Σy ÷ Σx; None without two units and Σx."""
    if arm.with_rows < 2 or not arm.x > 0:
        return None
    return _estimate(arm).variance * arm.n


def _squares(yy: float, xy: float, xx: float, ratio: float) -> float:
    """Return Σ(y − ratio·x)², and 0 if this is nothing but rounding."""
    squares = yy - 2 * ratio * xy + ratio * ratio * xx
    return squares if squares > NO_VARIANCE * (yy + ratio * ratio * xx) else 0.0


@dataclass(frozen=True)
class _Residuals:
    """Sums over the units of e², e₀² and e·e₀, with e = (y − r·x) ÷ x̄, and e₀ of before."""

    after: float
    before: float
    product: float


def _residuals(arm: ArmSums) -> _Residuals | None:
    """Return None without values before, or if these do not vary."""
    sums = arm.before
    if sums is None or not sums.x0 > 0:
        return None
    ratio, ratio0 = arm.y / arm.x, sums.y0 / sums.x0
    before = _squares(sums.y0y0, sums.x0y0, sums.x0x0, ratio0)
    if not before > 0:
        return None
    product = sums.yy0 - ratio0 * sums.yx0 - ratio * sums.xy0 + ratio * ratio0 * sums.xx0
    weight, weight0 = arm.x / arm.n, sums.x0 / arm.n
    after = _squares(arm.yy, arm.xy, arm.xx, ratio)
    return _Residuals(
        after / weight / weight, before / weight0 / weight0, product / weight / weight0
    )


def _adjusted(control: ArmSums, treatment: ArmSums, plain: Difference) -> Difference | None:
    """Return the difference adjusted by the values before (CUPED); None if that is no better.

    A. Deng, Y. Xu, R. Kohavi and T. Walker, "Improving the Sensitivity of Online Controlled
    Experiments by Utilizing Pre-Experiment Data" (WSDM 2013). The coefficient is estimated from
    both variants together, as by tea-tasting.
    """
    both = control + treatment
    found = [_residuals(one) for one in (control, treatment, both)]
    if min(control.n, treatment.n) < FEWEST_ADJUSTED or both.before is None:
        return None
    if found[0] is None or found[1] is None or found[2] is None:
        return None
    coefficient = found[2].product / found[2].before
    middle = both.before.y0 / both.before.x0
    adjusted = Difference(
        _adjusted_estimate(control, found[0], coefficient, middle),
        _adjusted_estimate(treatment, found[1], coefficient, middle),
    )
    reduction = 1 - adjusted.variance / plain.variance
    if not adjusted.variance > 0 or reduction <= 0:
        return None
    return Difference(adjusted.control, adjusted.treatment, reduction)


def _adjusted_estimate(
    arm: ArmSums, residuals: _Residuals, coefficient: float, middle: float
) -> Estimate:
    # only called for variants with values before
    before = arm.before.y0 / arm.before.x0 if arm.before else middle
    value = arm.y / arm.x - coefficient * (before - middle)
    squares = (
        residuals.after
        - 2 * coefficient * residuals.product
        + coefficient * coefficient * residuals.before
    )
    return Estimate(value, max(squares, 0.0) / (arm.n - 1) / arm.n, arm.n)
