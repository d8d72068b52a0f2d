"""Nothing crashes, nothing is NaN; what cannot be said is None, with a reason."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from math import inf, isfinite

import pytest

from experiments.statistics import ArmSums, Comparison, Kind, Method, Unknown, compare
from experiments.tests.statistics.samples import arm, share

pytestmark = pytest.mark.once

NOBODY = ArmSums(0, 0, 0, 0, 0, 0)
ARMS = {
    "nobody": NOBODY,
    "one unit": arm([3.0]),
    "one success": share(1, 1),
    "no rows": arm([0, 0, 0], [0, 0, 0]),
    "one with rows": arm([2, 0, 0], [4, 0, 0]),
    "equal values": arm([5.0] * 40),
    "a tenth each": arm([0.1] * 1000),
    "other equal values": arm([6.0] * 40),
    "equal ratios": arm([1, 2, 3] * 20, [2, 4, 6] * 20),
    "zeros": arm([0.0] * 40),
    "no successes": share(0, 40),
    "all successes": share(40, 40),
    "some successes": share(12, 40),
    "one large value": arm([0.0] * 39 + [1e9]),
    "tiny values": arm([1e-160, 2e-160] * 20),
    "huge values": arm([1e150, 3e150] * 20),
    "squares beyond floats": ArmSums(2, 4e160, 2, inf, 2, 4e160),
    "huge weights": ArmSums(2, 3.0, 3e160, 5.0, inf, 5e160),
    "tiny weights": arm([1.0, 2.0] * 20, [1e-170, 3e-170] * 20),
    "negative": arm([-1.0, -2.0, -4.0] * 20),
    "around zero": arm([-1.0, 1.001] * 20),
    "with before": arm(range(40), before=([1.0, 4.0] * 20, [1.0] * 40)),
    "same as before": arm(range(40), before=(range(40), [1.0] * 40)),
    "nothing before": arm(range(40), before=([0.0] * 40, [0.0] * 40)),
    "equal before": arm(range(40), before=([2.0] * 40, [1.0] * 40)),
}


def _is_sound(found: Comparison) -> bool:
    numbers = [getattr(found, field.name) for field in fields(found)]
    are_finite = all(isfinite(one) for one in numbers if isinstance(one, (int, float)))
    together = {found.low is None, found.high is None, found.p is None, bool(found.unknown)}
    return are_finite and len(together) == 1


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("method", ["fixed", "sequential"])
def test_any_two_variants_can_be_compared(kind: Kind, method: str) -> None:
    unsound = [
        (one, other)
        for (one, control), (other, treatment) in product(ARMS.items(), repeat=2)
        if not _is_sound(compare(control, treatment, kind, method=method, planned_n=100))
    ]

    assert unsound == []


def test_without_units_there_is_no_effect() -> None:
    found = compare(NOBODY, share(3, 10), Kind.SHARE)

    assert (found.effect, found.unknown) == (None, Unknown.NO_VALUE)
    assert (found.control_value, found.treatment_value) == (None, 0.3)


def test_without_rows_there_is_no_ratio_but_a_mean_of_zero() -> None:
    arms = ARMS["no rows"], arm([1, 2, 3])

    assert compare(*arms, Kind.RATIO).unknown == Unknown.NO_VALUE
    assert compare(*arms, Kind.MEAN).effect == 2


def test_one_unit_has_an_effect_without_an_interval() -> None:
    found = compare(arm([3.0]), arm([1.0, 2.0]), Kind.MEAN)

    assert (found.effect, found.low, found.unknown) == (-1.5, None, Unknown.TOO_FEW)


@pytest.mark.parametrize("other", ["equal values", "other equal values"])
def test_values_that_do_not_vary_have_no_interval(other: str) -> None:
    found = compare(ARMS["equal values"], ARMS[other], Kind.MEAN)

    assert (found.low, found.p, found.unknown) == (None, None, Unknown.NO_VARIANCE)


def test_rounding_is_no_variance() -> None:
    assert compare(ARMS["a tenth each"], arm([0.3] * 999), Kind.MEAN).unknown == "no-variance"


def test_tiny_values_are_no_share_of_nothing() -> None:
    found = compare(arm([1e-12, 2e-12, 4e-12]), arm([2e-12, 3e-12, 7e-12]), Kind.RATIO)

    assert found.method == Method.DELTA
    assert found.effect == pytest.approx(5e-12 / 3)


def test_shares_of_nothing_and_of_everything_have_intervals() -> None:
    none, everybody = ARMS["no successes"], ARMS["all successes"]
    found = [compare(none, one, Kind.RATIO) for one in (none, everybody)]

    assert [one.method for one in found] == [Method.NEWCOMBE] * 2
    assert (found[0].p, found[1].is_better) == (1.0, True)


def test_the_same_variant_twice_has_no_effect() -> None:
    arms = (share(12, 40), share(400, 900), arm([1, 2, 4]), arm([1, 2, 4], [2, 3, 3]))
    found = [compare(one, one, Kind.RATIO) for one in arms]

    assert [(one.effect, one.p, one.is_better) for one in found] == [(0, 1, None)] * 4


def test_the_sequential_method_says_nothing_of_few_units() -> None:
    few, enough = (
        compare(share(n, 2 * n), share(n, 2 * n), Kind.SHARE, method="sequential", planned_n=500)
        for n in (4, 5)
    )

    assert (few.unknown, enough.unknown) == (Unknown.TOO_FEW, Unknown.NOTHING)


def test_a_confidence_beyond_0_and_1_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare(share(1, 2), share(1, 2), Kind.SHARE, confidence=95)
