"""Whether sums are the same, apart from the rounding of fractions added in another order."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

from kpis.statistics.intervals import Spread, Sums


def same(one: Sums, other: Sums) -> bool:
    """True if they differ at most by the rounding of fractions added in another order."""
    if not have_same_value(one, other) or bool(one.spread) != bool(other.spread):
        return False
    if len(one.crosses) != len(other.crosses) or not all(
        _are_close(a.row, b.row) for a, b in zip(one.crosses, other.crosses, strict=True)
    ):
        return False
    a, b = one.spread or Spread(), other.spread or Spread()
    return a.units == b.units and _are_close((a.yy, a.xx, a.xy), (b.yy, b.xx, b.xy))


def have_same_value(one: Sums, other: Sums) -> bool:
    """True if they differ at most in their spread, from which only the interval follows."""
    return (one.n, one.learners) == (other.n, other.learners) and _are_close(
        (one.total, one.weight), (other.total, other.weight)
    )


def _are_close(some: Sequence[float], others: Sequence[float]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(a == b or isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in pairs)
