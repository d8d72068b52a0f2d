"""Whole clusters, such as runs of a course, are assigned: their units are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """The number of units of one cluster, and the sums of their values and squares."""

    n: int
    y: float
    yy: float


def design_effect(cluster_size: float, correlation: float, *, size_variation: float = 0.0) -> float:
    """Return how many times more units are needed than if each were assigned by itself.

    1 + ((1 + cv²) · m − 1) · ρ, with mean size m and its coefficient of variation cv (S. M.
    Eldridge, D. Ashby and S. Kerry, International Journal of Epidemiology 35, 2006, 1292–1300;
    with cv = 0, L. Kish). At least 1, as a negative correlation is chance.
    """
    return max(1.0, 1 + ((1 + size_variation**2) * cluster_size - 1) * correlation)


def intraclass_correlation(clusters: Sequence[Cluster]) -> float | None:
    """Return how alike the units of a cluster are: the share of the variance between clusters.

    The estimator of the analysis of variance (A. Donner and J. J. Koval, Biometrics 36, 1980,
    19–25); it may be negative by chance. None with fewer than two clusters, without a cluster of
    two units, or if nothing varies.
    """
    clusters = [one for one in clusters if one.n > 0]
    k, n = len(clusters), sum(one.n for one in clusters)
    if k < 2 or n <= k:
        return None
    mean = sum(one.y for one in clusters) / n
    between = sum(one.n * (one.y / one.n - mean) ** 2 for one in clusters) / (k - 1)
    within = max(sum(one.yy - one.y**2 / one.n for one in clusters) / (n - k), 0.0)
    typical = (n - sum(one.n**2 for one in clusters) / n) / (k - 1)
    total = between + (typical - 1) * within
    squares = sum(one.yy for one in clusters) / n
    # less is the rounding of equal values
    return (between - within) / total if total > 1e-12 * squares else None
