"""What tea-tasting and statsmodels do that surprises, and that an analysis does not do it.

Seen in tea-tasting 1.14.0 with pyarrow 26.0.1, and in statsmodels 0.15.0. Each is shown by running
the package, so that a test says so once it has changed.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from math import isnan

import pyarrow as pa
import pytest
from numpy.random import default_rng
from scipy.stats import ttest_ind
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.proportion import test_proportions_2indep as of_proportions
from tea_tasting.experiment import Experiment
from tea_tasting.metrics import Mean, Proportion

from experiments.statistics import ArmSums, Kind, Method, Unknown, compare
from experiments.tests.statistics.samples import arm, share

pytestmark = pytest.mark.once

HALVES = ["a"] * 100 + ["b"] * 100
VALUES = default_rng(1).normal(10, 2, 200)


def test_nulls_are_counted_by_tea_tasting_though_they_are_left_out_of_mean_and_variance() -> None:
    # every second value is missing
    known = VALUES.reshape(2, 50, 2)[:, :, 0]
    values = [float(one) if at % 2 == 0 else None for at, one in enumerate(VALUES)]
    theirs = Experiment(y=Mean("y")).analyze(pa.table({"variant": HALVES, "y": values}))["y"]
    right = ttest_ind(known[1], known[0], equal_var=False).confidence_interval()
    found = compare(arm(known[0]), arm(known[1]), Kind.MEAN)

    assert theirs.effect_size == pytest.approx(known[1].mean() - known[0].mean())
    width = theirs.effect_size_ci_upper - theirs.effect_size_ci_lower
    assert width < 0.75 * (right.high - right.low)
    assert (found.low, found.high) == pytest.approx(tuple(right))


def test_units_without_rows_count_as_0_in_mean_and_variance() -> None:
    values = [12.0, 15.0, 11.0, 16.0]
    arms = arm([*values, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0]), arm([20.0, 18.0, 0.0])
    theirs = ttest_ind([20, 18, 0], [*values, 0, 0, 0, 0], equal_var=False)

    found = compare(*arms, Kind.MEAN)

    assert found.p == pytest.approx(theirs.pvalue)
    assert found.n_control == 8


def test_decimal_columns_lose_their_fraction_in_tea_tasting() -> None:
    # 1, 1.25, 1.5 and 1.75 in turn: on average 1.375
    amounts = [1 + Decimal(at % 4) / 4 for at in range(200)]
    column = pa.array(amounts, type=pa.decimal128(10, 2))
    theirs = Experiment(y=Mean("y")).analyze(pa.table({"variant": HALVES, "y": column}))["y"]
    floats = [float(one) for one in amounts]
    ours = compare(arm(floats[:100]), arm(floats[100:]), Kind.MEAN)

    assert theirs.control == 1
    assert ours.control_value == 1.375


def test_the_control_of_tea_tasting_is_the_variant_whose_name_sorts_first() -> None:
    table = pa.table({"variant": ["usual"] * 100 + ["new"] * 100, "y": VALUES})
    by_name = Experiment(y=Mean("y")).analyze(table)["y"]
    by_choice = Experiment(y=Mean("y")).analyze(table, control="usual")["y"]
    found = compare(arm(VALUES[:100]), arm(VALUES[100:]), Kind.MEAN)

    assert by_name.effect_size == pytest.approx(-by_choice.effect_size)
    assert found.effect == pytest.approx(by_choice.effect_size)


def test_one_variant_alone_is_too_many_for_tea_tasting() -> None:
    table = pa.table({"variant": ["a"] * 200, "y": VALUES})

    with pytest.raises(ValueError, match="more than one pair"):
        Experiment(y=Mean("y")).analyze(table)
    assert compare(arm(VALUES), ArmSums(0, 0, 0, 0, 0, 0), Kind.MEAN).unknown == Unknown.NO_VALUE


def test_yes_and_no_raise_in_tea_tasting() -> None:
    passed = [at % 3 > 0 for at in range(200)]

    with pytest.raises(pa.ArrowNotImplementedError, match="bool"):
        Experiment(y=Mean("y")).analyze(pa.table({"variant": HALVES, "y": passed}))
    assert compare(arm(passed[:100]), arm(passed[100:]), Kind.RATIO).method == Method.SCORE


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "method", ["auto", "barnard", "boschloo", "fisher", "log-likelihood", "pearson"]
)
def test_shares_have_no_interval_in_tea_tasting(method: str) -> None:
    table = pa.table({"variant": HALVES, "y": [int(at % 3 == 0) for at in range(200)]})
    unknown, known = (
        Experiment(y=Proportion("y", method=one)).analyze(table)["y"] for one in (method, "norm")
    )

    assert isnan(unknown.effect_size_ci_lower)
    assert not isnan(known.effect_size_ci_lower)


def test_the_default_interval_and_test_of_statsmodels_contradict_each_other() -> None:
    counts = 6, 20, 1, 20
    low, _ = confint_proportions_2indep(*counts)
    found = compare(share(1, 20), share(6, 20), Kind.SHARE)

    assert low > 0
    assert of_proportions(*counts).pvalue == pytest.approx(0.0515, abs=0.0001)
    assert (found.low, found.p) == pytest.approx((low, 0.0434), abs=0.0001)
    assert found.is_better


def _tables(most: int) -> list[tuple[int, int, int, int]]:
    """Return all pairs of x of n and y of m, but for swapped variants and swapped outcomes."""
    return [
        (x, n, y, m)
        for n, m in product(range(1, most + 1), repeat=2)
        if n <= m
        for x, y in product(range(n // 2 + 1), range(m + 1))
    ]


def test_interval_p_and_verdict_agree_in_all_tables_of_up_to_25_units() -> None:
    contradictions = []
    for table in _tables(25):
        x, n, y, m = table
        found = compare(share(x, n), share(y, m), Kind.SHARE)
        assert found.low is not None
        assert found.high is not None
        assert found.p is not None
        is_outside = found.low > 0 or found.high < 0
        if not is_outside == (found.p < 0.05) == (found.is_better is not None):
            contradictions.append(table)

    assert contradictions == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("is_corrected", [True, False])
def test_the_score_interval_of_statsmodels_raises_where_nobody_succeeded(
    is_corrected: bool,
) -> None:
    with pytest.raises(ValueError, match="NaN"):
        confint_proportions_2indep(
            0, 20, 0, 20, method="score", compare="diff", correction=is_corrected
        )
    found = compare(share(0, 20), share(0, 20), Kind.SHARE)
    # Wilson's interval of 0 of 20 ends at z² ÷ (20 + z²)
    end = 3.841458820694124 / 23.841458820694124
    assert (found.low, found.high, found.p) == pytest.approx((-end, end, 1))


@pytest.mark.parametrize("n", [1, 2, 20, 1000])
@pytest.mark.parametrize("share_of", [0.0, 1.0])
def test_nobody_and_everybody_have_an_interval_around_0(n: int, share_of: float) -> None:
    of_one = share(int(n * share_of), n)
    found = compare(of_one, of_one, Kind.SHARE)

    assert found.low is not None
    assert found.low == pytest.approx(-(found.high or 0))
    assert (found.effect, found.p, found.is_better) == (0, 1, None)


def test_aggregates_of_floats_are_what_both_agree_on() -> None:
    table = pa.table({"variant": HALVES, "y": VALUES})
    theirs = Experiment(y=Mean("y")).analyze(table, control="a")["y"]
    found = compare(arm(VALUES[:100]), arm(VALUES[100:]), Kind.MEAN)

    assert (found.low, found.high, found.p) == pytest.approx(
        (theirs.effect_size_ci_lower, theirs.effect_size_ci_upper, theirs.pvalue)
    )
