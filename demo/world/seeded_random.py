"""Chance that repeats: the same words give the same throws."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")
NEARLY = 0.004  # less than what a rounded percentage shows


def seeded_random(*words: object) -> Random:
    return Random("/".join(str(word) for word in words))  # noqa: S311 - nothing is kept secret


def choose(items: Sequence[T], share: float, luck: Callable[[T], float]) -> list[T]:
    """Choose exactly that share of the items, the luckiest first."""
    return sorted(items, key=luck, reverse=True)[: round(share * len(items))]


def fitting(count: int, *shares: float) -> int:
    """The largest group up to that size of which whole numbers make these shares, nearly."""
    sizes = range(count, count * 4 // 5, -1)
    return next((size for size in sizes if all(_fits(share, size) for share in shares)), count)


def _fits(share: float, size: int) -> bool:
    return abs(round(share * size) / size - share) <= NEARLY


def lift(shares: Sequence[float], weights: Sequence[float], aim: float) -> list[float]:
    """Move all shares by one amount, within 0.02–1, so that their weighted mean is the aim."""

    def moved(by: float) -> list[float]:
        return [min(1.0, max(0.02, share + by)) for share in shares]

    def mean(by: float) -> float:
        parts = zip(moved(by), weights, strict=True)
        return sum(share * weight for share, weight in parts) / sum(weights)

    steps = range(-1_000, 1_001)
    return moved(
        steps[min(bisect_left(steps, aim, key=lambda step: mean(step / 1_000)), 2_000)] / 1_000
    )
