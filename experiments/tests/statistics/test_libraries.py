"""The same numbers as other packages, and clear of what they get wrong.

Seen in tea-tasting 1.14.0 and statsmodels 0.15.0. What a package gets wrong is shown by running it,
so that a test says so once it is right.
"""

from __future__ import annotations

from math import isnan, log, sqrt

import numpy as np
import pytest
from numpy.random import Generator, default_rng
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest, chisquare, norm, ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportions_ztest,
)
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import Mean, RatioOfMeans

from experiments.statistics import (
    ArmSums,
    Design,
    Kind,
    MeanBaseline,
    Method,
    ShareBaseline,
    achieved_power,
    compare,
    holm,
    planned_units,
    sample_ratio,
)
from experiments.statistics.always_valid import multiplier, p_value, tuning
from experiments.statistics.relative import of_scores
from experiments.statistics.shares import Share, newcombe, quantile, score, score_p
from experiments.tests.statistics.samples import arm

pytestmark = pytest.mark.once

SEEDS = range(60)
CLOSE = 1e-9
Z = quantile(0.95)


def _shares(seed: int) -> tuple[Share, Share]:
    random = default_rng(seed)
    n, m = (int(random.integers(5, 400)) for _ in range(2))
    return Share(int(random.integers(1, n)), n), Share(int(random.integers(1, m)), m)


def _samples(random: Generator, n: int) -> list[np.ndarray]:
    """Return y, x, y0 and x0 of n units."""
    x0 = 1.0 + random.poisson(2, n)
    x = x0 + random.poisson(0.5, n)
    own = random.normal(0, 1, n)
    return [x * (5 + own + random.normal(0, 1, n)), x, x0 * (5 + own), x0]


def _aggregates(sample: list[np.ndarray]) -> Aggregates:
    names = ["y", "x", "y0", "x0"]
    moments = np.cov(sample)
    return Aggregates(
        count_=len(sample[0]),
        mean_={name: values.mean() for name, values in zip(names, sample, strict=True)},
        var_={name: moments[at, at] for at, name in enumerate(names)},
        cov_={
            (one, other): moments[at, to]
            for at, one in enumerate(names)
            for to, other in enumerate(names)
            if at < to
        },
    )


METRICS = {
    Method.WELCH: Mean("y", equal_var=False, use_t=True),
    Method.DELTA: RatioOfMeans("y", "x", equal_var=False, use_t=True),
    Method.WELCH_CUPED: Mean("y", "y0", equal_var=False, use_t=True),
    Method.DELTA_CUPED: RatioOfMeans("y", "x", "y0", "x0", equal_var=False, use_t=True),
}


@pytest.mark.parametrize("method", METRICS)
@pytest.mark.parametrize("seed", SEEDS)
def test_means_and_ratios_are_those_of_tea_tasting(method: Method, seed: int) -> None:
    random = default_rng(seed)
    samples = [_samples(random, int(n)) for n in random.integers(20, 200, 2)]
    is_adjusted = method in (Method.WELCH_CUPED, Method.DELTA_CUPED)
    arms = [arm(y, x, before=(y0, x0) if is_adjusted else None) for y, x, y0, x0 in samples]
    kind = Kind.MEAN if method in (Method.WELCH, Method.WELCH_CUPED) else Kind.RATIO

    found = compare(arms[0], arms[1], kind)
    theirs = METRICS[method].analyze_aggregates(*(_aggregates(one) for one in samples))

    assert found.method == method
    assert (found.control_value, found.treatment_value, found.low, found.high, found.p) == (
        pytest.approx(
            (
                theirs.control,
                theirs.treatment,
                theirs.effect_size_ci_lower,
                theirs.effect_size_ci_upper,
                theirs.pvalue,
            ),
            rel=CLOSE,
            abs=1e-12,
        )
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_means_are_those_of_scipy(seed: int) -> None:
    random = default_rng(seed)
    samples = [random.gamma(1, 20, int(n)) for n in random.integers(2, 60, 2)]
    theirs = ttest_ind(samples[1], samples[0], equal_var=False)

    found = compare(arm(samples[0]), arm(samples[1]), Kind.MEAN)

    assert (found.p, found.degrees_of_freedom) == pytest.approx((theirs.pvalue, theirs.df))
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval()))


@pytest.mark.parametrize("seed", SEEDS)
def test_newcombes_interval_is_that_of_statsmodels(seed: int) -> None:
    control, treatment = _shares(seed)
    counts = treatment.successes, treatment.n, control.successes, control.n

    assert newcombe(control, treatment, Z) == pytest.approx(
        confint_proportions_2indep(*counts, method="newcomb", compare="diff"), abs=CLOSE
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_p_value_of_large_counts_is_that_of_the_pooled_z_test(seed: int) -> None:
    control, treatment = _shares(seed)
    _, p = proportions_ztest([control.successes, treatment.successes], [control.n, treatment.n])

    assert score_p(control, treatment) == pytest.approx(p, rel=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_koopmans_interval_is_that_of_statsmodels(seed: int) -> None:
    control, treatment = _shares(seed)
    counts = treatment.successes, treatment.n, control.successes, control.n
    theirs = confint_proportions_2indep(*counts, method="score", compare="ratio", correction=False)
    found = of_scores(control, treatment, Z)

    assert found
    assert (found.low, found.high) == pytest.approx(
        (theirs[0] - 1, theirs[1] - 1), rel=1e-7, abs=1e-8
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_at_the_ends_of_the_score_interval_the_statistic_is_the_quantile(seed: int) -> None:
    control, treatment = _shares(seed)
    ends = score(control, treatment, Z)

    statistics = [_statistic(control, treatment, one) for one in ends]

    # minimized numerically, without the product's code
    assert statistics == pytest.approx([Z, -Z], abs=1e-4)


def _statistic(control: Share, treatment: Share, difference: float) -> float:
    def surprise(p: float) -> float:
        q = p + difference
        return -sum(
            one.successes * log(share) + one.failures * log(1 - share)
            for one, share in ((control, p), (treatment, q))
        )

    bounds = max(0.0, -difference) + 1e-12, min(1.0, 1 - difference) - 1e-12
    found = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-13})
    p = float(found.x)
    q = p + difference
    variance = p * (1 - p) / control.n + q * (1 - q) / treatment.n
    return (treatment.value - control.value - difference) / sqrt(variance)


def test_the_score_interval_of_differences_of_statsmodels_is_not_that_of_its_test() -> None:
    control, treatment = Share(78, 242), Share(22, 24)
    _, theirs = confint_proportions_2indep(
        22, 24, 78, 242, method="score", compare="diff", correction=False
    )
    _, high = score(control, treatment, Z)

    # its restricted shares do not maximize the likelihood: 4 points too high
    assert theirs > high + 0.04
    assert abs(_statistic(control, treatment, theirs)) > 3
    assert abs(_statistic(control, treatment, high)) == pytest.approx(Z, abs=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_the_score_interval_of_statsmodels_raises_where_everybody_succeeded() -> None:
    with pytest.raises(ValueError, match=r"NaN|signs"):
        confint_proportions_2indep(10, 10, 5, 10, method="score", compare="diff", correction=False)

    low, high = score(Share(5, 10), Share(10, 10), Z)
    assert 0 < low < 0.5 < high <= 1


def test_tea_tasting_raises_if_a_mean_is_near_zero() -> None:
    near, far = Aggregates(10, {"y": 0.001}, {"y": 1.0}), Aggregates(10, {"y": 0.5}, {"y": 1.0})
    # n = 10, mean 0.001 and variance 1; mean 0.5 and variance 1
    arms = ArmSums(10, 0.01, 10, 9.00001, 10, 0.01), ArmSums(10, 5, 10, 11.5, 10, 5)

    with pytest.raises(OverflowError):
        METRICS[Method.WELCH].analyze_aggregates(near, far)
    found = compare(*arms, Kind.MEAN)
    assert found.effect == pytest.approx(0.499)
    assert found.relative_low is None


def test_the_relative_interval_of_tea_tasting_contradicts_its_p_value() -> None:
    wide, narrow = (
        Aggregates(100, {"y": 10.0}, {"y": 3300.0}),
        Aggregates(100, {"y": 2.0}, {"y": 100.0}),
    )
    theirs = METRICS[Method.WELCH].analyze_aggregates(wide, narrow)

    assert theirs.pvalue > 0.17
    assert theirs.rel_effect_size_ci_upper < -0.1


@pytest.mark.filterwarnings("ignore")
def test_tea_tasting_answers_nan_where_nothing_varies() -> None:
    same = Aggregates(100, {"y": 5.0}, {"y": 0.0})

    assert isnan(METRICS[Method.WELCH].analyze_aggregates(same, same).pvalue)
    assert compare(arm([5.0] * 100), arm([5.0] * 100), Kind.MEAN).p is None


@pytest.mark.parametrize("seed", SEEDS)
def test_holm_is_that_of_statsmodels(seed: int) -> None:
    p_values = default_rng(seed).uniform(0, 0.2, 7)

    assert holm(list(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_sample_ratios_are_those_of_scipy(seed: int) -> None:
    random = default_rng(seed)
    weights = random.uniform(0.5, 2, int(random.integers(2, 6)))
    counts = random.multinomial(int(random.integers(100, 5000)), weights / weights.sum())
    expected = counts.sum() * weights / weights.sum()

    found = sample_ratio([int(one) for one in counts], list(weights))

    assert found == pytest.approx(chisquare(counts, expected).pvalue, rel=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_few_units_of_two_variants_have_the_p_value_of_the_binomial_test(seed: int) -> None:
    random = default_rng(seed)
    n, share_of_one = int(random.integers(1, 40)), float(random.uniform(0.01, 0.12))
    count = int(random.binomial(n, share_of_one))

    found = sample_ratio([count, n - count], [share_of_one, 1 - share_of_one])

    assert found == pytest.approx(binomtest(count, n, share_of_one).pvalue, rel=CLOSE)


@pytest.mark.parametrize("ratio", [1.0, 0.5, 3.0])
@pytest.mark.parametrize("effect", [0.2, 0.5, 1.1])
def test_units_for_means_are_those_of_statsmodels(effect: float, ratio: float) -> None:
    found = planned_units(MeanBaseline(1.0), effect, Design(ratio=ratio, is_strict=True))

    theirs = TTestIndPower().power(effect, nobs1=found, alpha=0.05, ratio=ratio)
    assert theirs == pytest.approx(0.8, rel=CLOSE)


@pytest.mark.parametrize("ratio", [1.0, 0.5, 3.0])
@pytest.mark.parametrize("effect", [0.05, 0.1, -0.2])
def test_power_for_shares_is_that_of_statsmodels(effect: float, ratio: float) -> None:
    # there, the first group is the treatment, whose n is given
    theirs = power_proportions_2indep(
        effect, 0.3, 300 * ratio, ratio=1 / ratio, return_results=False
    )
    found = achieved_power(ShareBaseline(0.3), effect, 300, Design(ratio=ratio, is_strict=True))

    assert found == pytest.approx(theirs, rel=CLOSE)


@pytest.mark.parametrize("units", [50, 400, 3000])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_at_the_end_of_the_always_valid_interval_the_mixture_is_1_over_alpha(
    units: int, alpha: float
) -> None:
    rho2 = tuning(400, alpha)
    z = multiplier(units, rho2, alpha)

    def weighted(effect: float) -> float:
        ratio = np.exp(effect * z * units**0.5 - effect**2 * units / 2)
        return float(ratio * norm.pdf(effect, scale=rho2**0.5))

    mixture, _ = quad(weighted, -10 * rho2**0.5, 10 * rho2**0.5, epsabs=0, epsrel=1e-11, limit=500)
    assert mixture == pytest.approx(1 / alpha, rel=1e-7)
    assert p_value(z, units, rho2) == pytest.approx(alpha)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_the_always_valid_interval_is_tuned_to_the_planned_units(alpha: float) -> None:
    widths = [multiplier(400, tuning(n, alpha), alpha) for n in (200, 390, 400, 410, 800)]

    assert min(widths) == widths[2]
