"""Sums of units whose values are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.statistics import ArmSums, BeforeSums


def arm(
    y: ArrayLike,
    x: ArrayLike | None = None,
    *,
    before: tuple[ArrayLike, ArrayLike] | None = None,
) -> ArmSums:
    """Return the sums of units with totals y and weights x, 1 by default; before: y0 and x0."""
    total = _floats(y)
    weight = np.ones_like(total) if x is None else _floats(x)
    sums = None
    if before is not None:
        y0, x0 = (_floats(one) for one in before)
        of_before = ((y0, y0), (x0, x0), (x0, y0))
        with_before = ((total, y0), (total, x0), (weight, y0), (weight, x0))
        products = (float(np.dot(one, other)) for one, other in of_before + with_before)
        sums = BeforeSums(float(y0.sum()), float(x0.sum()), *products)
    pairs = ((total, total), (weight, weight), (weight, total))
    yy, xx, xy = (float(np.dot(one, other)) for one, other in pairs)
    return ArmSums(len(total), float(total.sum()), float(weight.sum()), yy, xx, xy, sums)


def share(successes: int, n: int) -> ArmSums:
    return ArmSums(n, successes, n, successes, n, successes)


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=float)
