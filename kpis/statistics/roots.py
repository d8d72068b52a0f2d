"""Roots of functions. No Django here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def root(function: Callable[[float], float], low: float, high: float, **precision: Any) -> float:
    """Return where `function` is 0 between `low` and `high`, by the method of R. P. Brent.

    `precision` is that of scipy: xtol, rtol, maxiter. ValueError if both ends have the same sign.
    """
    # imported here because it takes 20 MB, and few pages and tasks need it
    from scipy.optimize import brentq  # noqa: PLC0415

    return float(brentq(function, low, high, **precision))
