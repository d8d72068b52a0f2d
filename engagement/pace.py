"""The arithmetic of the drill-downs. No Django here."""

from __future__ import annotations

from math import sqrt

HIGHEST_PACE = 2.0


def pace(done: float, expected: float) -> float | None:
    """Done ÷ expected effort, at most 2; None when nothing is expected yet."""
    return min(done / expected, HIGHEST_PACE) if expected else None


def point_biserial(
    n: int, item: float, total: float, products: float, items_2: float, totals_2: float
) -> float | None:
    """Correlation of an item's score with the attempt's score, −1 to 1.

    From n, Σx, Σy, Σxy, Σx² and Σy²: Pearson's formula, which for a right-or-wrong item is the
    point-biserial correlation (Lord and Novick 1968, section 15.3). None when either is constant.
    """
    spread = (n * items_2 - item**2) * (n * totals_2 - total**2)
    return (n * products - item * total) / sqrt(spread) if spread > 1e-12 else None
