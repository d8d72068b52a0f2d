"""Units, detectable effects and power belong together."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, isnan, sqrt

import numpy as np
import pytest
from scipy.special import nctdtr, ndtr
from scipy.stats import chi, nct
from statsmodels.stats.power import TTestIndPower

from experiments.statistics import (
    Cluster,
    Design,
    Kind,
    MeanBaseline,
    ShareBaseline,
    achieved_power,
    baseline_of,
    design_effect,
    detectable_effect,
    intraclass_correlation,
    planned_units,
)
from experiments.statistics.power import Baseline, noncentral_t
from experiments.tests.statistics.samples import arm, share

pytestmark = pytest.mark.once

SHARE, MEAN = ShareBaseline(0.3), MeanBaseline(400.0)
DESIGNS = [
    Design(),
    Design(alpha=0.01, power=0.9),
    Design(ratio=0.25),
    Design(arms=4),
    Design(design_effect=2.5),
    Design(is_sequential=True),
    Design(is_strict=True),
]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("baseline", "effect"), [(SHARE, 0.07), (SHARE, -0.05), (MEAN, 3.0)])
def test_the_planned_units_have_the_power_and_detect_the_effect(
    baseline: Baseline, effect: float, design: Design
) -> None:
    n = planned_units(baseline, effect, design)
    assert n is not None

    assert achieved_power(baseline, effect, n, design) == pytest.approx(design.power)
    found = detectable_effect(baseline, n, design, upwards=effect > 0)
    assert found == pytest.approx(effect)


@pytest.mark.parametrize("baseline", [SHARE, MEAN, ShareBaseline(0.0), ShareBaseline(1.0)])
@pytest.mark.parametrize("effect", [0.0, 1e-9, -0.3, 0.3, 0.7, 2.0, 1e6])
@pytest.mark.parametrize("n", [0, 1, 2, 10, 1e9])
@pytest.mark.parametrize("design", DESIGNS)
def test_every_power_is_between_0_and_1(
    baseline: Baseline, effect: float, n: float, design: Design
) -> None:
    assert 0 <= achieved_power(baseline, effect, n, design) <= 1
    units = planned_units(baseline, effect, design)
    assert units is None or isfinite(units)
    found = detectable_effect(baseline, n, design)
    assert found is None or isfinite(found)


@pytest.mark.parametrize(("baseline", "effect"), [(SHARE, 0), (SHARE, 0.8), (SHARE, -0.31)])
def test_no_number_of_units_shows_what_cannot_be(baseline: Baseline, effect: float) -> None:
    assert planned_units(baseline, effect) is None


def test_too_few_units_detect_nothing_in_a_share() -> None:
    assert detectable_effect(ShareBaseline(0.9), 20) is None
    assert detectable_effect(ShareBaseline(0.0), 20, upwards=False) is None


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e12])
def test_the_unit_of_a_mean_does_not_matter(scale: float) -> None:
    found = detectable_effect(MeanBaseline(scale**2), 50)

    assert found == pytest.approx(scale * (detectable_effect(MeanBaseline(1.0), 50) or 0))


def test_the_smallest_effects_are_found_to_as_many_digits() -> None:
    # of nobody, and 10¹² units
    found = detectable_effect(ShareBaseline(0.0), 1e12)

    assert achieved_power(ShareBaseline(0.0), found or 0, 1e12) == pytest.approx(0.8)


def test_the_power_of_chance_alone_needs_no_effect() -> None:
    design = Design(alpha=0.4, power=0.1)

    assert detectable_effect(SHARE, 100, design) == 0
    assert planned_units(SHARE, 0.1, design) == 2


@pytest.mark.parametrize(
    ("design", "n"),
    [
        (Design(), 2),
        (Design(ratio=0.25), 8),
        (Design(ratio=4), 2),
        (Design(is_sequential=True), 10),
        (Design(is_sequential=True, ratio=0.5), 20),
        # two runs of 30
        (Design(cluster_size=30, design_effect=2.5), 60),
        (Design(cluster_size=30, design_effect=2.5, is_sequential=True), 300),
    ],
)
def test_the_largest_effect_needs_as_many_units_as_an_interval(design: Design, n: float) -> None:
    surely = MeanBaseline(1e-9)

    assert planned_units(surely, 1.0, design) == pytest.approx(n)
    assert achieved_power(surely, 1.0, n * 0.9, design) == 0


@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_few_clusters_cost_more_than_the_design_effect(method: str) -> None:
    plain = Design(design_effect=2, is_sequential=method == "sequential")
    runs = replace(plain, cluster_size=20)

    few, many = (
        (planned_units(SHARE, effect, runs) or 0) / (planned_units(SHARE, effect, plain) or 1)
        for effect in (0.4, 0.02)
    )
    assert many == pytest.approx(1, abs=0.01)
    assert few > 1.2


def test_whole_clusters_need_more_units() -> None:
    # runs of 21 learners, correlation 0.05: twice as many
    design = Design(design_effect=design_effect(21, 0.05))

    assert planned_units(SHARE, 0.1, design) == pytest.approx(2 * (planned_units(SHARE, 0.1) or 0))


def test_past_units_say_what_to_expect() -> None:
    assert baseline_of(share(3, 10), Kind.SHARE) == ShareBaseline(0.3)
    # mean 3; squares 1 + 1, n − 1 = 1
    assert baseline_of(arm([2.0, 4.0]), Kind.MEAN) == MeanBaseline(2.0)
    assert baseline_of(arm([2.0, 2.0]), Kind.MEAN) is None
    assert baseline_of(arm([2.0]), Kind.MEAN) is None


def test_of_past_units_without_rows_more_are_needed() -> None:
    with_rows = arm([1, 0, 1, 0], [1, 1, 1, 1])
    half_without = arm([1, 0, 1, 0] + [0] * 4, [1] * 4 + [0] * 4)

    few = planned_units(baseline_of(with_rows, Kind.RATIO) or SHARE, 0.2)
    many = planned_units(baseline_of(half_without, Kind.RATIO) or SHARE, 0.2)
    assert few
    assert many
    assert many > 1.8 * few


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"power": 1.0}, {"ratio": 0}, {"arms": 1}])
def test_an_impossible_design_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"lie between|two arms"):
        Design(**wrong)  # type: ignore[arg-type]


def test_scipy_does_not_know_tiny_probabilities_of_the_noncentral_t() -> None:
    freedom, shift, at = 698.4310099654601, 14.556111448960252, -1.96336635018451

    assert isnan(nctdtr(freedom, shift, at))
    assert isnan(nct.cdf(at, freedom, shift))
    assert 0 <= noncentral_t(freedom, shift, at) < 1e-50


@pytest.mark.parametrize("units", [577, 640, 800, 997])
def test_so_the_power_of_statsmodels_is_not_known_where_it_is_that_of_certainty(units: int) -> None:
    assert isnan(TTestIndPower().power(0.5, nobs1=units, alpha=0.05))
    assert achieved_power(MeanBaseline(4.0), 1.0, units, Design(is_strict=True)) == pytest.approx(1)


@pytest.mark.parametrize("freedom", [2, 10, 58, 1152, 1e6])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.8, 6.1, 8.5, 10.0, 37.0, 38.0, 50.0])
@pytest.mark.parametrize("at", [-4.6, -2.0, 0.68, 2.0, 5.0])
def test_the_noncentral_t_is_the_integral_over_the_chi_distribution(
    freedom: float, shift: float, at: float
) -> None:
    # given s, T ≤ at if a normal variable is at most at·s
    deviation = 1 / sqrt(2 * freedom)
    edges = np.linspace(max(1 - 12 * deviation, 0), 1 + 12 * deviation, 60)
    points, weights = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, None] / 2
    s = half * points + (edges[:-1, None] + half)
    parts = ndtr(at * s - shift) * chi.pdf(s * sqrt(freedom), freedom) * sqrt(freedom)

    assert noncentral_t(freedom, shift, at) == pytest.approx(
        float((half * weights * parts).sum()), abs=1e-9
    )


def test_units_of_one_cluster_that_are_equal_are_fully_correlated() -> None:
    clusters = [Cluster(3, 3.0, 3.0), Cluster(3, 6.0, 12.0), Cluster(2, 8.0, 32.0)]

    assert intraclass_correlation(clusters) == 1


def test_clusters_that_are_all_alike_have_a_negative_correlation() -> None:
    # each has a 0 and a 1: between 0, within 1/2, so −1 ÷ (2 − 1)
    assert intraclass_correlation([Cluster(2, 1.0, 1.0)] * 5) == -1
    assert design_effect(2, -1) == 1


@pytest.mark.parametrize(
    "clusters",
    [
        [],
        [Cluster(5, 3, 3)],
        [Cluster(1, 1, 1)] * 4,
        [Cluster(4, 4, 4)] * 3,
        [Cluster(0, 0, 0)] * 2,
    ],
)
def test_without_variation_there_is_no_correlation(clusters: list[Cluster]) -> None:
    assert intraclass_correlation(clusters) is None


def test_sizes_that_vary_cost_units() -> None:
    # 1 + ((1 + 0.5²) · 20 − 1) · 0.1 = 3.4
    assert design_effect(20, 0.1, size_variation=0.5) == pytest.approx(3.4)
